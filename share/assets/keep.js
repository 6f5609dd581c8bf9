// What is typed and not yet saved, kept in this tab until the server has it: an ended session costs nobody his work. Sealed with a
// key that only the pages of this account are given, so that nobody else who comes to this browser can read it, whether the
// person logged out or just went away (docs/design/06-expired-session.md).
import { value } from './agent.js';

const secret = value('keep');
const NEXT = 'yx-next';
const store = (() => { try { return globalThis.sessionStorage; } catch { return null; } })();
const utf8 = new TextEncoder();
const hex = (bytes) => [...new Uint8Array(bytes)].map((b) => b.toString(16).padStart(2, '0')).join('');
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const base64 = (b) => btoa(Array.from(new Uint8Array(b), (c) => String.fromCharCode(c)).join('')); // of any length
const digest = async (text) => hex(await crypto.subtle.digest('SHA-256', utf8.encode(text)));
const names = () => Object.keys(store).filter((n) => n.startsWith('yx-draft-'));

let key, mine; // of the account: the key, the beginning of its drafts' names

async function open() {
  const raw = await crypto.subtle.digest('SHA-256', utf8.encode(`draft key ${secret}`));
  key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
  mine = `yx-draft-${(await digest(`draft account ${secret}`)).slice(0, 16)}-`;
}

async function seal(draft) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, utf8.encode(JSON.stringify(draft)));
  return `${base64(iv)} ${base64(sealed)}`;
}

async function unseal(text) {
  const [iv, sealed] = text.split(' ').map(bytes);
  return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, sealed)));
}

// --- a form's fields ---

const typed = (form) => [...form.elements].filter((e) => e.name && !e.disabled &&
  (e.matches('select, textarea, input[type="text"], input[type="checkbox"], input[type="radio"]')));
const isChoice = (e) => e.type === 'checkbox' || e.type === 'radio';
const values = (form) => typed(form).map((e) => [e.name, e.value, isChoice(e) ? e.checked : null]);
const version = (form) => form.elements.namedItem('version')?.value ?? '';

function fill(form, list) {
  for (const e of typed(form)) {
    const v = list.find(([name, text]) => name === e.name && (!isChoice(e) || text === e.value));
    if (!v) continue;
    if (isChoice(e)) e.checked = v[2];
    else e.value = v[1];
    e.dispatchEvent(new Event('change', { bubbles: true }));
  }
}

// --- what became of what was sent ---

const SENT = '-sent';
function drop(name) {
  store.removeItem(name);
  store.removeItem(name + SENT);
}

// This page came in answer to what was sent, or the person is not where he sent it from: either way it arrived, unless the page
// is an error or the form itself in the version that was sent.
function judgeSent(own) {
  const failed = (performance.getEntriesByType('navigation')[0]?.responseStatus ?? 200) >= 400;
  for (const flag of names().filter((n) => n.startsWith(mine) && n.endsWith(SENT))) {
    const name = flag.slice(0, -SENT.length), form = own.get(name);
    if (failed || (form && store.getItem(flag) === `v${version(form)}`)) store.removeItem(flag);
    else drop(name);
  }
}

// On the login page: what was sent was not taken.
export function notSent() {
  if (store) for (const flag of names().filter((n) => n.endsWith(SENT))) store.removeItem(flag);
}

// --- one form ---

function note(form, stale, back) {
  const box = document.createElement('div');
  box.className = 'yx-message yx-warn';
  box.id = 'kept';
  box.setAttribute('role', 'status');
  const p = document.createElement('p');
  p.textContent = stale ? '下面是您上次填写而没有保存的内容；此后本页已另行保存过，请核对后再保存。' : '已恢复您上次填写而没有保存的内容，请核对后保存。';
  const button = document.createElement('button');
  Object.assign(button, { type: 'button', id: 'kept-drop', className: 'govuk-button govuk-button--secondary', textContent: '不要这些内容，改用已保存的' });
  button.addEventListener('click', back);
  const row = document.createElement('p');
  row.append(button);
  box.append(p, row);
  form.before(box);
}

async function restore(name, form) {
  const text = store.getItem(name);
  if (!text) return;
  let draft;
  try {
    draft = await unseal(text);
  } catch {
    drop(name);
    return;
  }
  if (JSON.stringify(draft.values) === JSON.stringify(values(form))) return;
  fill(form, draft.values);
  note(form, draft.version !== version(form), () => { drop(name); location.reload(); });
}

function follow(name, form) {
  const before = JSON.stringify(values(form));
  let order = 0; // of two that are being sealed, the later one stays
  const save = async () => {
    const now = values(form), turn = ++order;
    if (JSON.stringify(now) === before) { drop(name); return; }
    const text = await seal({ version: version(form), values: now });
    if (turn !== order) return;
    try {
      store.setItem(name, text);
      store.removeItem(name + SENT);
    } catch { /* full: the form itself is still there */ }
  };
  form.addEventListener('input', save);
  form.addEventListener('change', save);
  form.addEventListener('submit', () => { if (store.getItem(name)) store.setItem(name + SENT, `v${version(form)}`); });
}

const holdsTyped = (form) => typed(form).length > 0 && !form.querySelector('input[type="password"]');

// Forms of this page, told apart by where they lead.
export async function keepForms() {
  if (!store || !secret || !globalThis.crypto?.subtle) return; // never in clear
  await open();
  const own = new Map();
  for (const form of [...document.querySelectorAll('main form[method="post"]')].filter(holdsTyped))
    own.set(mine + (await digest(`${secret} ${location.pathname} ${form.getAttribute('action')}`)).slice(0, 32), form);
  if (!location.pathname.startsWith('/login')) judgeSent(own);
  for (const [name, form] of own) {
    follow(name, form);
    await restore(name, form);
  }
}

// Logging out: nothing stays, not even sealed.
export function forget() {
  if (store && mine) for (const name of names().filter((n) => n.startsWith(mine))) store.removeItem(name);
}

// --- the way back, past the account's password ---

export const nextTime = (path) => { try { store?.setItem(NEXT, path); } catch { /* then it is the person's home */ } };
export function comeBack() {
  const path = store?.getItem(NEXT);
  if (!path || location.pathname.startsWith('/login')) return false;
  store.removeItem(NEXT);
  if (!/^\/(?!\/)/.test(path) || path === location.pathname + location.search) return false; // an address "//name" is another site
  location.replace(path);
  return true;
}
