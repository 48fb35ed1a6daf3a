/** How the page looks: one column of plain text, light or dark as the reader has it, down to 360 px wide. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --text: #1b1f24; --quiet: #57606a; --line: #d0d7de; --paper: #ffffff; --box: #f3f5f8; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --quiet: #9aa5b1; --line: #3a424c; --paper: #0f1318; --box: #1a2028; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; background: var(--paper); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: 0 0 .5rem; }
h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0 0 .5rem; }
a { color: inherit; }
.next { border-left: .3rem solid currentColor; background: var(--box); padding: .75rem; margin: 0; font-weight: 600; }
article { border: 1px solid var(--line); border-radius: .4rem; padding: .75rem; margin: 0 0 .75rem; }
dl { display: grid; grid-template-columns: minmax(6.5rem, 11rem) minmax(0, 1fr); gap: .2rem .75rem; margin: 0; }
dt { color: var(--quiet); }
dd { margin: 0; }
ul { margin: 0; padding-left: 1.1rem; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
footer { color: var(--quiet); margin-top: 1.5rem; font-size: .875rem; }
`
