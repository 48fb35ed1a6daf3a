/**
 * What a page does in the browser, served as one file: shows instants in the reader's own zone too, and puts in what the server sends while the page is
 * open. Without it every page says the same as of when it was loaded.
 */
export const PAGE_SCRIPT = `'use strict';
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
const sameDay = new Intl.DateTimeFormat('en-CA', { hour: '2-digit', minute: '2-digit', hour12: false });
const otherDay = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hour12: false });
function showLocal(root) {
  if (here === 'America/New_York') return;
  for (const time of root.querySelectorAll('time[datetime]')) {
    if (time.dataset.local) continue;
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    time.dataset.local = 'yes';
    const isNear = Math.abs(at - Date.now()) < 72000000;
    time.append(' (' + (isNear ? sameDay : otherDay).format(at) + ' here)');
    time.title = at.toString();
  }
}
showLocal(document);
const live = document.querySelector('[data-events]');
if (live) {
  const state = document.getElementById('live');
  const say = (text) => { if (state && state.textContent !== text) state.textContent = text; };
  const events = new EventSource(live.dataset.events);
  events.onopen = () => say('Live: this page follows the node.');
  events.onerror = () => say(events.readyState === EventSource.CLOSED ? 'Not live: load the page again to see what is new.' : 'The node does not answer; this page is as of before, and tries again.');
  events.onmessage = ({ data }) => {
    for (const [id, html] of Object.entries(JSON.parse(data))) {
      const section = document.getElementById(id);
      if (!section) continue;
      const focused = section.contains(document.activeElement) ? [...section.querySelectorAll('a,button,input,[tabindex]')].indexOf(document.activeElement) : -1;
      section.innerHTML = html;
      showLocal(section);
      if (focused >= 0) section.querySelectorAll('a,button,input,[tabindex]')[focused]?.focus();
    }
  };
}
`
