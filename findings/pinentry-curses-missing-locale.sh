#!/bin/sh
# pinentry-curses converts Chinese texts into the charset of the locale named by OPTION lc-ctype. "zh_CN.UTF-8" answers OK even
# where that locale was never generated (a plain Debian has C, C.UTF-8 and POSIX only); the charset is then ASCII, the dialogue is
# not drawn, and GETPIN ends with "S ERROR curses.dialog_create_copy": nobody can type a PIN. No option at all does the same under
# LANG unset. lc-ctype=C.UTF-8, which every Debian 12 has, draws the Chinese dialogue.
# For Yinxin: the agent's terminal fallback must name C.UTF-8 (or a locale that setlocale accepts). Seen 2026-12-01, Debian 12.
set -eu
v=$(dpkg-query -W -f '${Version}' pinentry-curses 2>/dev/null || true)
case $v in 1.2.1-1*) ;; *) echo "skip: pinentry-curses 1.2.1-1 is not installed"; exit 77 ;; esac
if locale -a 2>/dev/null | grep -qiE '^zh_CN\.utf-?8$'; then echo "skip: zh_CN.UTF-8 is generated here"; exit 77; fi
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT INT TERM
cd "$D"
cat >ask.py <<'PY'
import fcntl, os, pty, re, select, struct, subprocess, sys, termios
def ask(option):
    m, s = pty.openpty()
    fcntl.ioctl(m, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 100, 0, 0))
    p = subprocess.Popen(['pinentry-curses'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         env={'PATH': os.environ['PATH']})
    p.stdout.readline()
    def say(line):
        p.stdin.write((line + '\n').encode()); p.stdin.flush()
        return p.stdout.readline().decode().strip()
    say('OPTION ttyname=' + os.ttyname(s)); say('OPTION ttytype=xterm')
    ok = say('OPTION lc-ctype=' + option) if option else 'not sent'
    say('SETDESC 测试单位%0A张测'); say('SETPROMPT 证书密码:')
    p.stdin.write(b'GETPIN\n'); p.stdin.flush()
    screen, reply, typed = b'', b'', False
    while True: # until the answer; the PIN is typed once the dialogue stands
        ready = select.select([m, p.stdout], [], [], 10)[0]
        if not ready: break
        if m in ready:
            screen += os.read(m, 65536)
            if not typed and '证书密码'.encode() in screen: os.write(m, b'123456\r'); typed = True
        if p.stdout in ready: reply = p.stdout.readline().decode().strip(); break
    p.kill(); p.wait(); os.close(m); os.close(s)
    text = re.sub(rb'\x1b\[[0-9;?]*[a-zA-Z]', b'', screen).decode('utf-8', 'replace')
    return ok, '张测' in text, re.sub(r'^D .*', 'D (the PIN)', reply)
print('expected: OK means that the locale is used, and the Chinese dialogue is drawn')
a, b, c = ask('zh_CN.UTF-8'), ask(None), ask('C.UTF-8')
print('seen, lc-ctype=zh_CN.UTF-8: option %s, Chinese drawn %s, GETPIN: %s' % a)
print('seen, no option:            option %s, Chinese drawn %s, GETPIN: %s' % b)
print('control, lc-ctype=C.UTF-8:  option %s, Chinese drawn %s, GETPIN: %s' % c)
sys.exit(0 if a[0] == 'OK' and not a[1] and a[2].startswith('S ERROR') and c[1] and c[2].startswith('D ') else 1)
PY
echo "2026-12-01 pinentry-curses $v; locales: $(locale -a | tr '\n' ' ')"
python3 ask.py && rc=0 || rc=1
echo "means: an OK to OPTION proves nothing; name a locale that exists"
exit $rc
