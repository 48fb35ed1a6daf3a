/** How every page looks: plain text and figures, light or dark as the reader has it, from 360 px on. Served as one file. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --text: #1b1f24; --quiet: #525a64; --line: #cfd6de; --paper: #ffffff; --box: #f3f5f8;
  --link: #0a58a5; --good: #1a6b34; --warn: #8a5300; --bad: #b3261e; --good-box: #e7f5eb; --warn-box: #fdf1dc; --bad-box: #fdeceb; --fill: #2f76b8; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --quiet: #a4afbb; --line: #3a424c; --paper: #0f1318; --box: #1a2028;
    --link: #7cb8f2; --good: #7ddb98; --warn: #f0b95b; --bad: #ff9c94; --good-box: #12261a; --warn-box: #2b210e; --bad-box: #331614; --fill: #5ea2e0; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 0 1rem 2rem; background: var(--paper); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
a { color: var(--link); }
a:focus-visible, button:focus-visible, input:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .5rem; }
.top { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; align-items: baseline; padding: .75rem 0; border-bottom: 1px solid var(--line); }
.top ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; margin: 0; padding: 0; flex: 1; }
.top a, .top button { display: inline-block; padding: .2rem 0; } .top a[aria-current] { font-weight: 600; color: inherit; }
h1 { font-size: 1.4rem; line-height: 1.3; margin: 1rem 0 .5rem; } h2 { font-size: 1.1rem; margin: 0 0 .5rem; } h3 { font-size: 1rem; margin: .75rem 0 .25rem; }
p { margin: 0 0 .5rem; } ul { padding-left: 1.2rem; margin: 0 0 .5rem; }
.grid { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); }
@media (min-width: 56rem) { .grid { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); } .wide { grid-column: 1 / -1; } }
.box { border: 1px solid var(--line); border-radius: .5rem; padding: .9rem 1rem; min-width: 0; }
.verdict { border-left: .4rem solid; border-radius: .3rem; padding: .75rem 1rem; margin: 1rem 0; }
.verdict p { margin: 0; font-size: 1.15rem; font-weight: 600; } .verdict ul { margin: .4rem 0 0; }
.good { border-color: var(--good); background: var(--good-box); } .warn { border-color: var(--warn); background: var(--warn-box); }
.bad { border-color: var(--bad); background: var(--bad-box); }
.quiet { color: var(--quiet); } .small { font-size: .875rem; } b.good, b.warn, b.bad { background: none; }
b.good { color: var(--good); } b.warn { color: var(--warn); } b.bad { color: var(--bad); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; vertical-align: top; overflow-wrap: normal; } thead th { border-bottom: 1px solid var(--line); font-weight: 600; font-size: .875rem; }
tbody th { font-weight: 400; } tbody tr + tr > * { border-top: 1px solid var(--line); } .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td + td, th + td, th + th { padding-left: .25rem; } td.number + td:not(.number), th.number + th:not(.number) { padding-left: .75rem; } .day { white-space: nowrap; }
 td.small { min-width: 12rem; }
progress { width: 100%; height: .6rem; accent-color: var(--fill); }
dl { display: grid; grid-template-columns: minmax(6rem, 11rem) minmax(0, 1fr); gap: .2rem .75rem; margin: 0; } dt { color: var(--quiet); } dd { margin: 0; }
form.login { max-width: 26rem; display: grid; gap: .5rem; } form.ask { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; margin: .5rem 0; } .ask label { flex: 1 1 10rem; } .ask .check { flex: 1 1 100%; } .ask .check input { width: auto; } input { font: inherit; padding: .5rem; border: 1px solid var(--quiet); border-radius: .3rem; background: var(--paper); color: inherit; width: 100%; }
button { font: inherit; padding: .5rem 1rem; border: 1px solid var(--quiet); border-radius: .3rem; background: var(--box); color: inherit; cursor: pointer; justify-self: start; }
.top button { border: 0; background: none; color: var(--link); text-decoration: underline; } .top form { margin: 0; }
figure { margin: 0 0 1rem; } .chart { display: block; max-width: 37.5rem; width: 100%; height: auto; } .chart text { fill: currentColor; } .layer-0 { fill: #3f7fbf; } .layer-1 { fill: #d9a520; } .bars { max-width: 100%; height: auto; background: #fff; } .map svg { display: block; min-width: 46rem; height: auto; } .map text { fill: currentColor; } .map .t { stroke: #fff; stroke-width: .4; }
.map a:hover .t { stroke: #d6006c; stroke-width: 2; } details { margin: 0 0 1rem; } summary { cursor: pointer; } .columns { columns: 11rem; }
article { border: 1px solid var(--line); border-radius: .4rem; padding: .75rem; margin: 0 0 .75rem; }
.next { border-left: .3rem solid var(--line); padding: .1rem .75rem; } section > h2 { margin-top: 1.5rem; } dd ul { padding-left: 1.1rem; } code { overflow-wrap: anywhere; } footer nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
footer { color: var(--quiet); margin-top: 1.5rem; font-size: .875rem; }
`
