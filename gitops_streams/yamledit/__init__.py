"""Byte-exact edits of YAML: locate scalars, splice, prove. Nothing is ever dumped."""
