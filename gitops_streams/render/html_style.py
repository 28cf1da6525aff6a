"""The style sheet of the page: one column, readable from 320 pixels on, light and dark, on paper too."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f4f5f8; --card: #ffffff; --sunk: #f1f3f7; --line: #dce0e8; --text: #171a21; --muted: #555f70;
  --accent: #3446c9; --focus: #3446c9;
  --red: #a81c2b; --red-soft: #fdecee; --red-line: #f0b4bb;
  --amber: #7e4a00; --amber-soft: #fff1d9;
  --green: #14663b; --green-soft: #e2f5e9;
  --blue: #1e4fb5; --blue-soft: #e6eefc;
  --teal: #0c6069; --teal-soft: #dff3f4;
  --violet: #6432a8; --violet-soft: #f0e8fb;
  --grey: #4a5364; --grey-soft: #e9ecf1;
  --shadow: 0 1px 2px rgb(20 26 40 / 6%), 0 2px 8px rgb(20 26 40 / 5%);
  --mono: ui-monospace, "SFMono-Regular", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #0e1117; --card: #171b23; --sunk: #1f2530; --line: #2d3542; --text: #e7eaf0; --muted: #a3adbd;
    --accent: #9db0ff; --focus: #9db0ff;
    --red: #ff9aa5; --red-soft: #3b1a20; --red-line: #6b2c36;
    --amber: #f5c069; --amber-soft: #372808;
    --green: #7fdba4; --green-soft: #11301f;
    --blue: #9cc0ff; --blue-soft: #172a4d;
    --teal: #7fd6de; --teal-soft: #0d2f33;
    --violet: #cdb0ff; --violet-soft: #2c1d47;
    --grey: #bac3d1; --grey-soft: #29303c;
    --shadow: none;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 1rem; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
  overflow-wrap: anywhere;
}
header, nav, main, footer { max-width: 68rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 2rem); }
h1, h2, h3, h4, h5 { line-height: 1.25; margin: 0; text-wrap: balance; }
p { margin: 0; }
a { color: var(--accent); text-underline-offset: .2em; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: .35rem; }
.skip { position: absolute; left: -100vw; background: var(--card); padding: .6rem 1rem; z-index: 1; }
.skip:focus { left: 1rem; top: 1rem; }
code, pre { font-family: var(--mono); font-size: .875em; }
code { unicode-bidi: isolate; white-space: pre-wrap; }
pre { background: var(--sunk); border-radius: .5rem; padding: .75rem 1rem; margin: 0; white-space: pre-wrap; }
ul.plain { list-style: none; margin: 0; padding: 0; }
.muted { color: var(--muted); }
.icon { width: 1.05em; height: 1.05em; flex: none; vertical-align: -.12em; margin-right: .4em; }

header { padding-top: clamp(1.75rem, 5vw, 3.25rem); padding-bottom: 1.25rem; }
.mark { font-weight: 650; color: var(--accent); letter-spacing: .01em; margin-bottom: .5rem; }
h1 { font-size: clamp(1.55rem, 1.1rem + 2.2vw, 2.4rem); letter-spacing: -.02em; font-weight: 720; }
h1.alarming { color: var(--red); }
.lead { color: var(--muted); margin-top: .5rem; font-size: 1.05rem; }
.tiles {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(6.6rem, 1fr)); gap: .65rem; margin: 1.4rem 0 0;
}
.tile {
  background: var(--card); border: 1px solid var(--line); border-radius: .8rem; padding: .7rem .9rem .65rem;
  display: flex; flex-direction: column-reverse; justify-content: flex-end; box-shadow: var(--shadow);
}
.tile dd { margin: 0; font-size: 1.6rem; font-weight: 700; line-height: 1.15; font-variant-numeric: tabular-nums; }
.tile dt { font-size: .82rem; color: var(--muted); }
.tile.changed dd { color: var(--blue); } .tile.failed dd { color: var(--red); }
.tile.held dd { color: var(--amber); } .tile.unchanged dd { color: var(--green); }

nav ul {
  display: flex; flex-wrap: wrap; gap: .35rem 1.25rem; border-bottom: 1px solid var(--line);
  padding: .35rem 0 .8rem;
}
nav a { text-decoration: none; display: inline-block; padding: .2rem 0; font-size: .95rem; }
nav a:hover { text-decoration: underline; }
main > section { padding-top: 2.1rem; }
h2 { font-size: 1.35rem; letter-spacing: -.01em; margin-bottom: .8rem; }
h3 { font-size: 1.02rem; margin: 1.5rem 0 .65rem; }
h3.group { font-size: 1.15rem; }
.review + .review { margin-top: 2.5rem; padding-top: .5rem; border-top: 1px solid var(--line); }

.alert {
  background: var(--red-soft); border: 1px solid var(--red-line); border-left: .3rem solid var(--red);
  border-radius: .8rem; padding: .95rem 1.1rem; margin-top: 1rem;
}
.alert h3 { color: var(--red); margin: 0 0 .55rem; }
.alert > ul > li + li { margin-top: .55rem; }
.alert a { color: var(--text); font-weight: 650; }
.told { margin: .15rem 0 0; padding-left: 1.1rem; }

.environments {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr));
  gap: .75rem; align-items: start;
}
.environment {
  background: var(--card); border: 1px solid var(--line); border-radius: .8rem; box-shadow: var(--shadow);
  overflow: hidden;
}
.environment h4 {
  background: var(--sunk); border-bottom: 1px solid var(--line); padding: .55rem 1rem; font-size: .98rem;
}
.environment ul { padding: .3rem 1rem .5rem; }
.environment li { padding: .45rem 0; }
.environment li + li { border-top: 1px solid var(--line); }
.gets { display: flex; flex-wrap: wrap; gap: .1rem .8rem; font-size: .92rem; }
.gets a.alarming { color: var(--red); font-weight: 650; }

.card {
  background: var(--card); border: 1px solid var(--line); border-radius: .8rem; box-shadow: var(--shadow);
  margin-top: .65rem;
}
.card.alarming { border-left: .3rem solid var(--red); }
.card.alarming h4 { color: var(--red); }
summary {
  cursor: pointer; list-style: none; display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: .3rem .9rem;
  align-items: center; padding: .8rem 2.7rem .8rem 1.1rem; position: relative; border-radius: .75rem;
}
summary::-webkit-details-marker { display: none; }
summary::after {
  content: ""; position: absolute; right: 1.2rem; top: 1.2rem; width: .5rem; height: .5rem;
  border: solid var(--muted); border-width: 0 2px 2px 0; transform: rotate(45deg); transition: transform .15s;
}
details[open] > summary::after { transform: rotate(225deg); top: 1.4rem; }
summary:hover { background: var(--sunk); }
summary :is(h3, h4) { font-size: 1rem; font-weight: 650; margin: 0; }
.small > summary { padding-block: .6rem; }
.small > summary::after { top: 1.05rem; }
.gist {
  grid-column: 1 / -1; color: var(--muted); font-size: .9rem; display: flex; flex-wrap: wrap; gap: .1rem 1.1rem;
}
.small .gist { grid-column: auto; }
.small > summary { grid-template-columns: minmax(0, 1fr) auto auto; }
.digests code { white-space: nowrap; }
.arrow { margin: 0 .4em; }
.badges { display: flex; flex-wrap: wrap; gap: .3rem; justify-content: flex-end; }
.badge {
  display: inline-block; border-radius: 1rem; padding: .08rem .65rem; font-size: .8rem; font-weight: 600;
  white-space: nowrap; background: var(--grey-soft); color: var(--grey);
}
.badge.contract, .badge.failed, .badge.gone { background: var(--red-soft); color: var(--red); }
.badge.rollback, .badge.held, .badge.unknown, .badge.skipped { background: var(--amber-soft); color: var(--amber); }
.badge.source, .badge.changed { background: var(--blue-soft); color: var(--blue); }
.badge.rebuild { background: var(--teal-soft); color: var(--teal); }
.badge.content { background: var(--violet-soft); color: var(--violet); }
.badge.first-pin, .badge.new { background: var(--green-soft); color: var(--green); }
.badge.faint { font-weight: 450; }

.inside { padding: .2rem 1.1rem 1.1rem; }
.inside > section + section { margin-top: 1.2rem; }
h5 {
  font-size: .95rem; font-weight: 650; margin-bottom: .45rem; padding-top: .8rem;
  border-top: 1px solid var(--line);
}
.looks { margin: 0 0 .7rem; padding: .55rem .9rem .55rem 1.9rem; background: var(--red-soft); border-radius: .5rem; }
dl { margin: 0; }
.inside dl > div { display: grid; grid-template-columns: 9.5rem minmax(0, 1fr); gap: .1rem 1rem; padding: .16rem 0; }
.inside dt { color: var(--muted); font-size: .92rem; }
.inside dd { margin: 0; }
.inside ul:not(.plain, .looks) { margin: .3rem 0 0; padding-left: 1.2rem; }
.label { color: var(--muted); font-size: .92rem; margin-top: .7rem; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; font-size: .93rem; }
th, td {
  text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line);
  font-weight: 400;
}
thead th { color: var(--muted); font-size: .85rem; }
thead th:first-child { width: 32%; }
tr.alarming th { font-weight: 650; }
tr.alarming .old { background: var(--red-soft); color: var(--text); }
tr.alarming .new { background: var(--green-soft); color: var(--text); }
.platforms li { padding: .4rem 0; }
.platforms { margin-top: .5rem; }
.platform { display: flex; flex-wrap: wrap; gap: .2rem .6rem; align-items: center; }
.platforms .told { color: var(--muted); font-size: .92rem; padding: 0; margin: 0; display: block; }
.bar { display: block; width: 100%; max-width: 26rem; height: .45rem; margin-top: .3rem; border-radius: 1rem; }
.bar .whole { fill: var(--grey-soft); } .bar .filled { fill: var(--blue); }
.rollouts li { display: flex; flex-wrap: wrap; gap: .1rem .8rem; padding: .3rem 0; align-items: baseline; }
.where {
  background: var(--sunk); border: 1px solid var(--line); border-radius: .4rem; padding: 0 .45rem;
  font-size: .9rem;
}
.what { flex: 1 1 14rem; }
.file, .rollouts .file { color: var(--muted); font-size: .92rem; }
del, ins {
  text-decoration: none; display: block; border-radius: .35rem; padding: .12rem .55rem .12rem 1.5rem;
  position: relative;
}
del { background: var(--red-soft); } ins { background: var(--green-soft); }
del::before, ins::before { position: absolute; left: .55rem; font-family: var(--mono); font-size: .875em; }
del::before { content: "-"; color: var(--red); } ins::before { content: "+"; color: var(--green); }
.change li + li, .change ins { margin-top: .2rem; }
.entries li, .sites li { padding: .55rem 0; border-bottom: 1px solid var(--line); display: grid; gap: .18rem; }
.entries li:last-child, .sites li:last-child { border-bottom: 0; }
.entries ol { margin: .2rem 0 0; padding-left: 1.4rem; }
.entries ol li { display: list-item; border: 0; padding: .1rem 0; }
main > section > .entries {
  background: var(--card); border: 1px solid var(--line); border-radius: .8rem; padding: .3rem 1.1rem;
  box-shadow: var(--shadow);
}
.site { display: flex; flex-wrap: wrap; gap: .2rem .7rem; align-items: baseline; }
.sites { margin-top: .7rem; border-top: 1px solid var(--line); }
footer { color: var(--muted); font-size: .88rem; padding-top: 2.5rem; padding-bottom: 3rem; }
@media (max-width: 40rem) {
  summary, .small > summary { grid-template-columns: minmax(0, 1fr); }
  .badges { justify-content: flex-start; }
  .inside dl > div { grid-template-columns: minmax(0, 1fr); padding: .3rem 0; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .tile dd { font-size: 1.35rem; }
  th, td { padding: .4rem .35rem; }
}
@media (prefers-reduced-motion: reduce) { summary::after { transition: none; } }
@media print {
  :root {
    color-scheme: light; --page: #fff; --card: #fff; --shadow: none; --text: #000; --muted: #444; --line: #bbb;
    --sunk: #f3f3f3; --accent: #1e2f9e;
  }
  body { font-size: 10pt; }
  header, main, footer { max-width: none; padding-left: 0; padding-right: 0; }
  nav, .skip, summary::after { display: none; }
  details:not([open])::details-content { content-visibility: visible; block-size: auto; }
  .environment, .tile, .alert, li, tr { break-inside: avoid; }
  h2, h3, h4, h5, summary { break-after: avoid; }
}
"""
"""Nothing in it is loaded, and nothing in it depends on what is shown."""
