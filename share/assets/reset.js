// A forgotten login password: a fresh signature of the same certificate, then the new password.
import { Failure, login, openWindow, say, sayFailure } from './agent.js';

const $ = (id) => document.getElementById(id);
$('reset').addEventListener('submit', async (event) => {
  event.preventDefault();
  const win = openWindow();
  const live = $('reset-live');
  try {
    if ($('new-password').value !== $('new-again').value)
      throw new Failure({ code: 'F-006', text: '两次输入的密码不一致', remedy: '请重新输入' });
    say(live, '请在证书助手的窗口中输入证书密码。');
    const answer = await login(win, '', '/login/reset', { password: $('new-password').value });
    location.assign(answer.next);
  } catch (e) {
    win.close();
    sayFailure(live, e);
  }
});
