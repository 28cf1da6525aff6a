"""The published benchmark: this program and its peers, at the same job, in turn, judged by the same ground truth."""
