// The login page: shows what is detected, tells each fault apart, logs in by one click.
import { Failure, day, failure, login, markSeen, moment, openWindow, permission, say, sayFailure, serverNow, status } from './agent.js';
import { nextTime, notSent } from './keep.js';
import { announce, hear, look } from './session.js';
import { watch } from './watch.js';

const $ = (id) => document.getElementById(id);
const CLOCK_TOLERANCE = 300;
let last = null;      // newest status of the agent
let busy = false;
let chosen = '';      // card serial, when there are several

const set = (id, text) => { $(id).textContent = text; };
const step = (n) => {
  for (let i = 1; i <= 3; i++) $(`step-${i}`).className = i < n ? 'yx-done' : i === n ? 'yx-now' : '';
};
const lastDay = (k) => k.last_day || day(k.not_after);
const ready = (s) => s.keys.filter((k) => k.cert_serial);
const wide = (s) => s.replaceAll('(', '（').replaceAll(')', '）'); // a certificate holds what its issuer wrote
const keyName = (k) => `${k.unit ? `${wide(k.unit)} ` : ''}${k.holder}（序列号尾号 ${k.cert_serial.slice(-4)}）`;

// The first fault, in the order in which a person would mend them. null: nothing stands in the way.
async function fault(s) {
  const skew = Math.round(s.now - serverNow());
  if (s.library !== 'ok') return failure('L-202');
  if (s.window === 'none') return failure('L-207');
  if (s.keys.length === 0) return failure('L-203');
  const keys = ready(s);
  if (keys.length === 0) {
    const bad = s.keys.find((k) => k.error);
    return bad ? new Failure(bad.error) : failure('L-205', `介质序列号 ${s.keys[0].serial}`);
  }
  if (Math.abs(skew) > CLOCK_TOLERANCE)
    return failure('L-003', `电脑时间 ${moment(s.now)}，服务器时间 ${moment(Math.round(serverNow()))}，相差 ${Math.round(Math.abs(skew) / 60)} 分钟`);
  const key = keys.length === 1 ? keys[0] : keys.find((k) => k.serial === chosen);
  if (!key) return null;
  if (key.not_after < serverNow()) return failure('C-004', `该证书于 ${lastDay(key)} 到期`);
  if (key.not_before > serverNow()) return failure('C-005', `该证书自 ${moment(key.not_before)} 起有效`);
  if (key.state === 'unusable' && key.error) return new Failure(key.error);
  return key.tries === 0 ? failure('K-003') : null;
}

function showChoice(keys) {
  $('choice').hidden = keys.length < 2;
  if (keys.length < 2) { chosen = ''; return; }
  if (!keys.some((k) => k.serial === chosen)) chosen = '';
  $('choice-list').replaceChildren(...keys.map((k, i) => {
    const item = document.createElement('div');
    item.className = 'govuk-radios__item';
    const input = Object.assign(document.createElement('input'),
      { type: 'radio', name: 'key', id: `key-${i}`, value: k.serial, className: 'govuk-radios__input', checked: k.serial === chosen });
    const label = Object.assign(document.createElement('label'),
      { htmlFor: input.id, className: 'govuk-label govuk-radios__label', textContent: keyName(k) });
    input.addEventListener('change', () => { chosen = k.serial; show(last); });
    item.append(input, label);
    return item;
  }));
}

// Dates do not break at their hyphens.
function showPeriod(parts) {
  $('found-validity').replaceChildren(...parts.flatMap((text) => {
    const span = Object.assign(document.createElement('span'), { className: 'yx-nowrap', textContent: text });
    return [span, ' '];
  }));
}

function showFound(s) {
  const keys = ready(s);
  const key = keys.length === 1 ? keys[0] : keys.find((k) => k.serial === chosen);
  const skew = Math.round(s.now - serverNow());
  set('found-agent', `已连接（${s.agent}）`);
  set('found-library', s.library === 'ok' ? '已加载' : '未加载');
  set('found-key', s.keys.length === 0 ? '未插入' : s.keys.map((k) => k.serial).join('、'));
  set('found-cert', key ? keyName(key) : keys.length > 1 ? `${keys.length} 个，请选择` : '无');
  showPeriod(key ? [`${day(key.not_before)} 至`, lastDay(key)] : ['-']);
  set('found-clock', Math.abs(skew) <= CLOCK_TOLERANCE ? '正确' : `相差 ${Math.round(Math.abs(skew) / 60)} 分钟`);
}

async function show(s) {
  last = s;
  showChoice(ready(s));
  showFound(s);
  if (busy) return;
  const e = await fault(s);
  $('failure').replaceChildren();
  if (e) { step(1); sayFailure($('failure'), e); say($('live'), ''); return; }
  step(2);
  const several = ready(s).length > 1 && !chosen;
  say($('live'), several ? '检测到多个证书，请选择后按“证书登录”。（L-204）' : '已就绪，请按“证书登录”。', several ? '' : 'yx-good');
}

function miss(e) {
  last = null;
  for (const id of ['found-library', 'found-key', 'found-cert', 'found-validity', 'found-clock']) set(id, '-');
  set('found-agent', e.code === 'L-206' ? '浏览器未允许' : '未检测到');
  step(1);
  say($('live'), '');
  if (!busy) sayFailure($('failure'), e);
}

async function run(win) {
  const s = await status();
  last = s;
  const stop = await fault(s);
  if (stop) throw stop;
  if (win.blocked) throw new Failure({ code: 'L-206', text: '浏览器拦截了证书助手的窗口', remedy: '请允许本网站弹出窗口后重试' });
  const keys = ready(s);
  say($('live'), '请在证书助手的窗口中输入证书密码。');
  const answer = await login(win, chosen || (keys.length === 1 ? keys[0].serial : ''));
  step(3);
  const used = keys.find((k) => k.serial === answer.card);
  if (used) markSeen(used.cert_serial);
  say($('live'), '登录成功，正在进入。', 'yx-good');
  const next = $('login').dataset.next;
  if (answer.next === '/login/password' && next) nextTime(next);
  if (answer.next !== '/login/password') announce('login', { home: answer.next });
  location.assign(answer.next === '/login/password' ? answer.next : next || answer.next);
}

$('login').addEventListener('click', async () => {
  if (busy) return;
  busy = true;
  const win = openWindow();
  $('login').disabled = true;
  $('failure').replaceChildren();
  try {
    await run(win);
  } catch (e) {
    win.close();
    say($('live'), '');
    sayFailure($('failure'), e);
  } finally {
    busy = false;
    $('login').disabled = false;
  }
});
$('again').addEventListener('click', () => status().then(show, miss));

// While the browser asks, its answer is what is missing; nothing comes from the agent meanwhile.
async function tellQuestion() {
  const { status: p, label } = await permission();
  if (last || p.state !== 'prompt') return;
  set('found-agent', '等待浏览器允许');
  say($('live'), `请在浏览器的提示中选择“允许”。浏览器正在询问是否允许本网站连接这台电脑上的证书助手，这项权限叫“${label}”。没有看到提示时，请点击地址栏左侧的图标。`, 'yx-warn');
  p.addEventListener?.('change', () => { if (p.state === 'granted' && !last) say($('live'), ''); });
}

// Another page of this browser has logged in: here one goes on as well, to where one was going.
async function elsewhere(m) {
  if (m.kind !== 'login' || busy) return;
  const s = await look();
  if (s.state !== 'open') return;
  say($('live'), '已在另一个页面登录，正在进入。', 'yx-good');
  location.assign($('login').dataset.next || m.home);
}

step(1);
notSent();
hear((m) => { elsewhere(m).catch(() => { /* then one logs in here */ }); });
tellQuestion();
watch(show, miss);
