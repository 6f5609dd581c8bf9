#!/bin/bash
# nginx with scgi_cache: GET and HEAD share one cache entry and REQUEST_METHOD goes through as HEAD (proxy_pass would turn it into
# GET). If the application's answer to HEAD has no Content-Length, its EMPTY body is stored, and every GET until it expires gets
# 200 with nothing in it. With a Content-Length the HEAD is not stored, but is a miss for ever. (For an OCSP or CRL URL a monitor's
# HEAD is enough.) For Yinxin: scgi_param REQUEST_METHOD GET in cached locations, or the method in the key; Content-Length always.
# Seen 2026-12-01, Debian 12, nginx 1.22.1-9.
set -eu
v=$(dpkg-query -W -f '${Version}' nginx 2>/dev/null || true)
case $v in 1.22.1-9*) ;; *) echo "skip: nginx 1.22.1-9 is not installed"; exit 77 ;; esac
D=$(mktemp -d); pids=
trap 'kill $pids 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$D"' EXIT INT TERM
cd "$D"; chmod 755 .
cat >app.py <<'PY'
import socket
def listener(family, at): s = socket.socket(family); s.bind(at); s.listen(9); return s
s = listener(socket.AF_INET, ('127.0.0.1', 0)); free = socket.socket(); free.bind(('127.0.0.1', 0))
port = free.getsockname()[1]; free.close(); n = 0
open('ports.new', 'w').write('%d %d\n' % (s.getsockname()[1], port)); __import__('os').rename('ports.new', 'ports')
while True:
    c, _ = s.accept(); f = c.makefile('rb'); size = b''
    while not size.endswith(b':'): size += f.read(1)
    v = f.read(int(size[:-1]) + 1)[:-1].split(b'\0'); e = dict(zip(v[::2], v[1::2])); n += 1
    body = b'list number %d\n' % n; head = b'Status: 200 OK\r\nContent-Type: text/plain\r\nCache-Control: max-age=60\r\n'
    if b'length' in e[b'REQUEST_URI']: head += b'Content-Length: %d\r\n' % len(body)
    c.sendall(head + b'\r\n' + (b'' if e[b'REQUEST_METHOD'] == b'HEAD' else body)); f.close(); c.close()
PY
python3 app.py & pids=$!
for _ in $(seq 100); do [ -e ports ] && break; sleep 0.1; done
read -r app port <ports
cat >n.conf <<CONF
daemon off; pid n.pid; worker_processes 1; events { worker_connections 64; }
http { access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
 scgi_cache_path c keys_zone=z:1m; scgi_cache z; scgi_cache_key \$uri; add_header X-Cache \$upstream_cache_status;
 server { listen 127.0.0.1:$port;
  location / { scgi_param REQUEST_URI \$uri; scgi_param REQUEST_METHOD \$request_method; scgi_pass 127.0.0.1:$app; }
  location /mended { scgi_param REQUEST_URI \$uri; scgi_param REQUEST_METHOD GET; scgi_pass 127.0.0.1:$app; } } }
CONF
nginx -p "$D/" -e err.log -c n.conf & pids="$pids $!"
for _ in $(seq 100); do curl -s -o /dev/null "http://127.0.0.1:$port/up" && break; sleep 0.1; done
get() { curl -s -i "$@" | tr -d '\r' | sed -n 's/^X-Cache: //p; /^list/p' | tr '\n' ' '; }
U=http://127.0.0.1:$port
echo "2026-12-01 nginx $v, scgi_cache, key \$uri"
echo "expected: HEAD and GET of one URL do not disturb each other"
curl -s -I "$U/plain" >/dev/null; plain=$(get "$U/plain")
curl -s -I "$U/length" >/dev/null; length=$(get "$U/length"); curl -s -I "$U/length2" >/dev/null; again=$(get -I "$U/length2")
curl -s -I "$U/mended" >/dev/null; mended=$(get "$U/mended")
echo "seen: HEAD then GET, answer without Content-Length: [$plain] (a hit, and no body)"
echo "seen: HEAD then GET, with Content-Length: [$length]; HEAD twice: [$again]"
echo "control, scgi_param REQUEST_METHOD GET: [$mended]"
echo "means: a HEAD must not reach the application in a cached location"
[ "$plain" = "HIT " ] && [ "$again" = "MISS " ] && [ "${mended#HIT list}" != "$mended" ]
