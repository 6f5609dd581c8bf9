// The upload of a spreadsheet: how much was sent, then how many rows the server has read. Without this file the form works
// by itself.
const form = document.getElementById('sheet-form');
const box = document.getElementById('progress');
const bar = document.getElementById('bar');
const text = document.getElementById('progress-text');
const said = document.getElementById('progress-said');
const bad = document.getElementById('failure');
const send = document.getElementById('send');
const STEP_MS = 250;

// The bar speaks in steps of a quarter, so that a screen reader is not drowned.
function show(words, value, aloud = words) {
  text.textContent = words;
  if (value === null) bar.removeAttribute('value');
  else bar.value = value;
  if (said.textContent !== aloud) said.textContent = aloud;
}

function line(parent, name, content) {
  const p = document.createElement('p');
  if (name) p.className = name;
  p.textContent = content;
  parent.append(p);
}

function fail(error) {
  box.hidden = true;
  send.disabled = false;
  bad.replaceChildren();
  const list = error.fields?.length ? error.fields : [error];
  for (const e of list) {
    line(bad, 'govuk-error-message', `${e.text}。`);
    line(bad, '', `${e.remedy}。${e.code}`);
  }
  bad.tabIndex = -1;
  bad.focus();
}

const phases = { reading: (n) => `正在读取表格，已读取 ${n} 行`, saving: (n) => `已读取 ${n} 行，正在保存`, done: (n) => `已保存 ${n} 行，正在检查` };

async function watch(state) {
  while (!state.ended) {
    try {
      const answer = await fetch(form.dataset.progress, { headers: { Accept: 'application/json' } });
      const { phase, rows } = await answer.json();
      if (!state.ended && phases[phase]) show(phases[phase](rows), null, phases[phase](Math.floor(rows / 250) * 250 || rows));
    } catch {
      // The upload's own answer tells what is wrong.
    }
    await new Promise((wake) => setTimeout(wake, STEP_MS));
  }
}

function answerOf(request) {
  try {
    return JSON.parse(request.responseText);
  } catch {
    return {};
  }
}

function upload() {
  const request = new XMLHttpRequest();
  const state = { ended: false };
  const lost = { code: 'S-005', text: '上传没有完成', remedy: '请检查网络后重新上传，之前的内容没有改变' };
  request.open('POST', form.action);
  request.setRequestHeader('Accept', 'application/json');
  request.upload.addEventListener('progress', (e) => {
    if (!e.lengthComputable) return;
    const percent = Math.round((100 * e.loaded) / e.total);
    show(`正在上传，已上传 ${percent}%`, percent, `已上传 ${Math.floor(percent / 25) * 25}%`);
  });
  request.upload.addEventListener('load', () => watch(state));
  request.addEventListener('loadend', () => {
    state.ended = true;
    const answer = answerOf(request);
    if (request.status === 200 && answer.next) {
      show('已读取，正在打开核对页面', 100);
      location.assign(answer.next);
    } else {
      const large = request.status === 413 && { code: 'S-003', text: '文件过大', remedy: '请拆分为几个文件后分次上传' };
      fail(answer.error ?? (large || lost));
    }
  });
  request.send(new FormData(form));
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (send.disabled) return;
  send.disabled = true;
  bad.replaceChildren();
  box.hidden = false;
  show('正在上传', 0);
  upload();
});
