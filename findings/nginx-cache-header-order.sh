#!/bin/bash
# nginx's cache reads Expires and Cache-Control in the ORDER in which the application sends them: an Expires in the past BEFORE
# "Cache-Control: max-age=60" forbids storing, the same two lines the other way round store for 60 s. RFC 9111, 5.3 says that
# max-age overrides Expires in both. Also: a stored answer is given out with its first max-age and no Age line (RFC 9111, 5.1
# asks for one), so a cache of 60 s in front of clients that keep 60 s makes an answer up to 120 s old.
# For Yinxin: one of the two lines only; halve max-age where nginx caches (OCSP). Seen 2026-12-01, Debian 12, nginx 1.22.1-9.
set -eu
v=$(dpkg-query -W -f '${Version}' nginx 2>/dev/null || true)
case $v in 1.22.1-9*) ;; *) echo "skip: nginx 1.22.1-9 is not installed"; exit 77 ;; esac
D=$(mktemp -d); pids=
trap 'kill $pids 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$D"' EXIT INT TERM
cd "$D"; chmod 755 .
cat >app.py <<'PY'
import os, socket
def listener(at): s = socket.socket(); s.bind(at); s.listen(9); return s
s = listener(('127.0.0.1', 0)); free = listener(('127.0.0.1', 0)); port = free.getsockname()[1]; free.close(); n = 0
open('ports.new', 'w').write('%d %d\n' % (s.getsockname()[1], port)); os.rename('ports.new', 'ports')
past, age = b'Expires: Thu, 01 Jan 1970 00:00:01 GMT\r\n', b'Cache-Control: max-age=60\r\n'
while True:
    c, _ = s.accept(); f = c.makefile('rb'); size = b''
    while not size.endswith(b':'): size += f.read(1)
    v = f.read(int(size[:-1]) + 1)[:-1].split(b'\0'); e = dict(zip(v[::2], v[1::2])); n += 1
    body = b'answer %d' % n; u = e[b'REQUEST_URI']
    lines = past + age if u == b'/expires-first' else age + past if u == b'/expires-last' else age
    c.sendall(b'Status: 200 OK\r\nContent-Type: text/plain\r\n' + lines + b'Content-Length: %d\r\n\r\n' % len(body) + body)
    f.close(); c.close()
PY
python3 app.py & pids=$!
for _ in $(seq 100); do [ -e ports ] && break; sleep 0.1; done
read -r app port <ports
cat >n.conf <<CONF
daemon off; pid n.pid; worker_processes 1; events { worker_connections 64; }
http { access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
 scgi_cache_path c keys_zone=z:1m; scgi_cache z; scgi_cache_key \$uri; add_header X-Cache \$upstream_cache_status;
 server { listen 127.0.0.1:$port;
  location / { scgi_param REQUEST_METHOD GET; scgi_param REQUEST_URI \$uri; scgi_pass 127.0.0.1:$app; } } }
CONF
nginx -p "$D/" -e err.log -c n.conf & pids="$pids $!"
for _ in $(seq 100); do curl -s -o /dev/null "http://127.0.0.1:$port/up" && break; sleep 0.1; done
twice() { curl -s -o /dev/null "http://127.0.0.1:$port$1"; sleep "${2:-0}"; curl -s -i "http://127.0.0.1:$port$1" | tr -d '\r'; }
status() { twice "$1" | sed -n 's/^X-Cache: //p'; }
echo "2026-12-01 nginx $v, scgi_cache"
echo "expected: max-age overrides Expires, whatever their order; a stored answer tells its Age"
first=$(status /expires-first) last=$(status /expires-last)
echo "seen: second request, Expires (1970) then max-age=60: $first; max-age=60 then Expires (1970): $last"
old=$(twice /old 2 | grep -iE '^(x-cache|age|cache-control):' | tr '\n' ' ')
echo "seen: answer 2 s old: $old"
echo "means: send one of the two lines; the lifetime a client sees starts anew at every hit"
[ "$first" = MISS ] && [ "$last" = HIT ] && [ "$old" = "Cache-Control: max-age=60 X-Cache: HIT " ]
