#!/bin/bash
# $request_body in scgi_cache_key tells POSTs apart only while the body fits into client_body_buffer_size (16 KB): a longer body goes
# to a temporary file and the variable is EMPTY, also with scgi_pass. All long POSTs to one URL then share one entry: the second
# client is given the answer to the first one's question, 200, HIT. (OCSP requests and time-stamp queries are POSTs.)
# For Yinxin: client_body_buffer_size >= client_max_body_size wherever a body is part of a key, or no cache for POST.
# Seen 2026-12-01, Debian 12, nginx 1.22.1-9.
set -eu
v=$(dpkg-query -W -f '${Version}' nginx 2>/dev/null || true)
case $v in 1.22.1-9*) ;; *) echo "skip: nginx 1.22.1-9 is not installed"; exit 77 ;; esac
D=$(mktemp -d); pids=
trap 'kill $pids 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$D"' EXIT INT TERM
cd "$D"; chmod 755 .
cat >app.py <<'PY'
import os, socket
def listener(at): s = socket.socket(); s.bind(at); s.listen(9); return s
s = listener(('127.0.0.1', 0)); free = listener(('127.0.0.1', 0)); port = free.getsockname()[1]; free.close()
open('ports.new', 'w').write('%d %d\n' % (s.getsockname()[1], port)); os.rename('ports.new', 'ports')
while True:
    c, _ = s.accept(); f = c.makefile('rb'); size = b''
    while not size.endswith(b':'): size += f.read(1)
    v = f.read(int(size[:-1]) + 1)[:-1].split(b'\0'); e = dict(zip(v[::2], v[1::2]))
    body = f.read(int(e.get(b'CONTENT_LENGTH') or 0)); said = b'answer to ' + (body[-1:] or b'-')
    c.sendall(b'Status: 200 OK\r\nContent-Type: text/plain\r\nCache-Control: max-age=60\r\nContent-Length: %d\r\n\r\n' % len(said) + said)
    f.close(); c.close()
PY
python3 app.py & pids=$!
for _ in $(seq 100); do [ -e ports ] && break; sleep 0.1; done
read -r app port <ports
cat >n.conf <<CONF
daemon off; pid n.pid; worker_processes 1; events { worker_connections 64; }
http { access_log off; client_body_temp_path $D/t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
 scgi_cache_path c keys_zone=z:1m; scgi_cache z; scgi_cache_methods POST; scgi_cache_key "\$uri \$request_body";
 add_header X-Cache \$upstream_cache_status; scgi_param CONTENT_LENGTH \$content_length; server { listen 127.0.0.1:$port;
  location / { scgi_pass 127.0.0.1:$app; } location /large { client_body_buffer_size 64k; scgi_pass 127.0.0.1:$app; } } }
CONF
nginx -p "$D/" -e err.log -c n.conf & pids="$pids $!"
for _ in $(seq 100); do curl -s -o /dev/null "http://127.0.0.1:$port/up" && break; sleep 0.1; done
body() { head -c "$1" /dev/zero | tr '\0' x; printf %s "$2"; }
post() { body "$2" "$3" | curl -s -i -H 'Expect:' -H 'Content-Type: application/octet-stream' --data-binary @- "http://127.0.0.1:$port$1" | tr -d '\r' | sed -n 's/^X-Cache: //p; /^answer/p' | tr '\n' ' '; }
echo "2026-12-01 nginx $v, scgi_cache_key \"\$uri \$request_body\""
echo "expected: each body gets the answer to itself"
s1=$(post /short 1000 A) s2=$(post /short 1000 B) l1=$(post /long 20000 A) l2=$(post /long 20000 B) m1=$(post /large 20000 A) m2=$(post /large 20000 B)
echo "control, 1,001 octets: [$s1] [$s2]"
echo "seen, 20,001 octets ending in A, then in B: [$l1] [$l2]"
echo "control, the same with client_body_buffer_size 64k: [$m1] [$m2] (right, and not kept: such a key is too long for the cache)"
echo "means: the key must hold the whole question, or nothing may be kept"
case $s2 in "MISS answer to B"*) ;; *) exit 1 ;; esac
case $l2 in "HIT answer to A"*) ;; *) exit 1 ;; esac
case $m2 in *"answer to B"*) ;; *) exit 1 ;; esac
