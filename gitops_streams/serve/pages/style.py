"""What the service's page adds to the style sheet of the reports: dense lists, filters, a time line."""

from __future__ import annotations

OWN_STYLE = """
header, nav, main, footer { max-width: 84rem; }
header { padding-top: clamp(1.1rem, 3vw, 1.9rem); padding-bottom: .9rem; }
h1 { font-size: clamp(1.4rem, 1.1rem + 1.4vw, 1.95rem); }
.mark { display: flex; flex-wrap: wrap; gap: .2rem 1rem; justify-content: space-between; }
.mark a { text-decoration: none; }
.mark form { display: inline; }
.lead { font-size: .95rem; margin-top: .35rem; }
.lead label { display: inline-flex; align-items: center; gap: .4rem; }
main section { padding-top: 1.7rem; }
main section.first { padding-top: .3rem; }
h2 { font-size: 1.15rem; margin-bottom: .55rem; }
h2 .muted { font-weight: 450; }
.badge.failing, .badge.failed, .badge.blocked { background: var(--red-soft); color: var(--red); }
.badge.behind, .badge.incomplete { background: var(--amber-soft); color: var(--amber); }
.badge.held { background: var(--violet-soft); color: var(--violet); }
.badge.current, .badge.succeeded, .badge.working { background: var(--green-soft); color: var(--green); }
.badge.running { background: var(--blue-soft); color: var(--blue); }
button, .button, input, select {
  font: inherit; font-size: .95rem; color: var(--text); background: var(--card); border: 1px solid var(--control);
  border-radius: .5rem; padding: .42rem .75rem; min-height: 2.5rem; max-width: 100%;
}
button { cursor: pointer; font-weight: 600; }
button:hover { background: var(--sunk); }
button.main { background: var(--accent); border-color: var(--accent); color: var(--page); }
button.main:hover { text-decoration: underline; }
button.plain {
  border: 0; background: none; color: var(--accent); padding: 0; min-height: 0; font-weight: 450;
  text-decoration: underline; text-underline-offset: .2em;
}
input[type="checkbox"] { min-height: 0; width: 1.05rem; height: 1.05rem; accent-color: var(--accent); margin: 0; }
:root { --control: #7b8596; }
.states { display: flex; flex-wrap: wrap; gap: .45rem; margin: .95rem 0 0; }
.states a {
  display: flex; gap: .5rem; align-items: baseline; padding: .38rem .8rem; min-height: 2.4rem; text-decoration: none;
  background: var(--card); border: 1px solid var(--line); border-radius: .6rem; color: var(--text); font-size: .92rem;
}
.states a:hover { border-color: var(--control); }
.states a[aria-current] { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); font-weight: 650; }
.states strong { font-size: 1.08rem; font-variant-numeric: tabular-nums; }
.states .failing strong { color: var(--red); } .states .behind strong { color: var(--amber); }
.states .held strong { color: var(--violet); } .states .current strong { color: var(--green); }
.states .none strong { color: var(--muted); }
form.search { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; margin: .75rem 0 .6rem; }
form.search label { display: grid; gap: .15rem; font-size: .82rem; color: var(--muted); min-width: 0; }
form.search .words { flex: 1 1 16rem; }
form.search input { width: 100%; }
.found { display: flex; flex-wrap: wrap; gap: .1rem 1rem; color: var(--muted); font-size: .9rem; margin: 0 0 .4rem; }
[data-busy] .found { opacity: .75; }
.list {
  background: var(--card); border: 1px solid var(--line); border-radius: .7rem; box-shadow: var(--shadow);
  overflow: hidden;
}
.list table { table-layout: auto; font-size: .9rem; line-height: 1.45; }
.list :is(th, td) { padding: .48rem .7rem; border-bottom: 1px solid var(--line); }
.list tbody tr:last-child > * { border-bottom: 0; }
.list thead th {
  background: var(--sunk); color: var(--muted); font-weight: 600; font-size: .8rem; white-space: nowrap; width: auto;
  padding-block: .35rem;
}
.list tbody tr:hover { background: color-mix(in srgb, var(--sunk) 55%, var(--card)); }
.list tbody th { font-weight: 400; }
.list tbody th > a { font-weight: 650; text-decoration: none; }
.list tbody th > a:hover { text-decoration: underline; }
.list .sub { display: block; color: var(--muted); font-size: .86rem; }
.list .why { display: block; font-size: .88rem; margin-top: .12rem; max-width: 78ch; }
.list td { white-space: nowrap; }
.list td.wrap { white-space: normal; }
.list td.number { font-variant-numeric: tabular-nums; }
tr.failing > :first-child { box-shadow: inset .22rem 0 var(--red); }
tr.behind > :first-child { box-shadow: inset .22rem 0 var(--amber); }
tr.held > :first-child { box-shadow: inset .22rem 0 var(--violet); }
.pages { display: flex; flex-wrap: wrap; gap: .4rem 1rem; align-items: center; padding: .6rem 0; }
.nothing { padding: 1.5rem 1.1rem; color: var(--muted); }
.notice {
  border: 1px solid var(--line); border-left: .25rem solid var(--accent); background: var(--card);
  border-radius: .6rem; padding: .6rem .9rem; margin: .8rem 0 0;
}
.notice.bad { border-left-color: var(--red); background: var(--red-soft); border-color: var(--red-line); }
.alert { padding: .7rem .95rem; }
.alert h2 { color: var(--red); font-size: 1rem; margin: 0 0 .3rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0 2.5rem; }
.facts > div {
  display: grid; grid-template-columns: 8.5rem minmax(0, 1fr); gap: 0 1rem; padding: .42rem 0;
  border-bottom: 1px solid var(--line);
}
.facts dt { color: var(--muted); font-size: .9rem; } .facts dd { margin: 0; }
.facts .sub { display: block; color: var(--muted); font-size: .9rem; }
.digest { white-space: nowrap; }
.whole { user-select: all; -webkit-user-select: all; }
.panel {
  background: var(--card); border: 1px solid var(--line); border-radius: .7rem; box-shadow: var(--shadow);
  padding: .35rem 1.1rem .6rem;
}
.heading { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; }
.heading .badge { font-size: .95rem; }
.heading form { margin-left: auto; }
.timeline { list-style: none; margin: 0; padding: .3rem 0 0; }
.timeline li { position: relative; padding: 0 0 .95rem 1.7rem; display: grid; gap: .05rem; }
.timeline li::before {
  content: ""; position: absolute; left: .3rem; top: .42rem; width: .7rem; height: .7rem; border-radius: 50%;
  background: var(--card); border: 2px solid var(--control); z-index: 1;
}
.timeline li::after {
  content: ""; position: absolute; left: .6rem; top: .8rem; bottom: -.5rem; border-left: 2px solid var(--line);
}
.timeline li:last-child::after { display: none; }
.timeline li.now::before { background: var(--green); border-color: var(--green); }
.login { max-width: 26rem; display: grid; gap: .7rem; padding-block: 1rem; }
.login label { display: grid; gap: .2rem; }
[hidden] { display: none !important; }
@media screen and (prefers-color-scheme: dark) { :root { --control: #7c879a; } }
@media (max-width: 56rem) {
  .list thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  .list :is(table, tbody, tr, th, td) { display: block; }
  .list tbody tr { display: flex; flex-wrap: wrap; gap: .1rem 1rem; padding: .65rem .8rem; }
  .list tbody tr { border-bottom: 1px solid var(--line); }
  .list tbody tr:last-child { border-bottom: 0; }
  .list tbody :is(th, td) { padding: 0; border: 0; }
  .list tbody th { flex: 1 1 100%; order: -1; }
  .list tbody td:empty { display: none; }
  .list td { white-space: normal; font-size: .86rem; }
  .list td[data-label]::before { content: attr(data-label) " "; color: var(--muted); }
  .list td .sub { display: inline; }
  .list td .sub::before { content: " · "; }
  tr:is(.failing, .behind, .held) > :first-child { box-shadow: none; }
  tr.failing { box-shadow: inset .22rem 0 var(--red); }
  tr.behind { box-shadow: inset .22rem 0 var(--amber); }
  tr.held { box-shadow: inset .22rem 0 var(--violet); }
}
@media (max-width: 30rem) {
  .states a { flex: 1 1 40%; justify-content: space-between; }
  form.search > * { flex: 1 1 100%; }
  .facts > div { grid-template-columns: minmax(0, 1fr); }
  .list td.brief .sub { display: none; }
  .heading form { margin-left: 0; }
}
@media print {
  form, #updating, .pages, button { display: none !important; }
  .list { border: 0; border-radius: 0; }
  .list td, .list th { padding: .2rem .4rem; }
  .states a { border: 0; padding: 0 .8rem 0 0; min-height: 0; }
}
"""
"""Nothing in it is loaded, and nothing in it depends on what is shown."""
