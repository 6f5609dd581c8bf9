#!/bin/bash
# Two clocks inside nginx's cache. (1) It counts in whole seconds and "valid" includes the last one: an answer stored for 1 s at the
# beginning of a second is still a hit 1.9 s later. (2) scgi_cache_lock: a request that waits for another one to fill the entry
# looks again only every 500 ms; the application answers in 20 ms, the waiter after 500.
# For Yinxin: "at most 1 s old" needs max-age 0 or no cache at all, or the promise says 2 s; no cache lock before OCSP, or a fast
# answer becomes the slowest of the product. Seen 2026-12-01, Debian 12, nginx 1.22.1-9.
set -eu
v=$(dpkg-query -W -f '${Version}' nginx 2>/dev/null || true)
case $v in 1.22.1-9*) ;; *) echo "skip: nginx 1.22.1-9 is not installed"; exit 77 ;; esac
D=$(mktemp -d); pids=
trap 'kill $pids 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$D"' EXIT INT TERM
cd "$D"; chmod 755 .
cat >app.py <<'PY'
import os, socket, threading, time
def listener(at): s = socket.socket(); s.bind(at); s.listen(64); return s
s = listener(('127.0.0.1', 0)); free = listener(('127.0.0.1', 0)); port = free.getsockname()[1]; free.close()
open('ports.new', 'w').write('%d %d\n' % (s.getsockname()[1], port)); os.rename('ports.new', 'ports')
def answer(c):
    f = c.makefile('rb'); size = b''
    while not size.endswith(b':'): size += f.read(1)
    f.read(int(size[:-1]) + 1); time.sleep(0.02)
    c.sendall(b'Status: 200 OK\r\nContent-Type: text/plain\r\nCache-Control: max-age=1\r\nContent-Length: 3\r\n\r\nok\n'); f.close(); c.close()
while True: threading.Thread(target=answer, args=(s.accept()[0],)).start()
PY
python3 app.py & pids=$!
for _ in $(seq 100); do [ -e ports ] && break; sleep 0.1; done
read -r app port <ports
cat >n.conf <<CONF
daemon off; pid n.pid; worker_processes 1; events { worker_connections 64; }
http { access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
 scgi_cache_path c keys_zone=z:1m; scgi_cache z; scgi_cache_key \$uri; add_header X-Cache \$upstream_cache_status;
 scgi_param REQUEST_METHOD GET; server { listen 127.0.0.1:$port;
  location / { scgi_pass 127.0.0.1:$app; } location /locked { scgi_cache_lock on; scgi_pass 127.0.0.1:$app; } } }
CONF
nginx -p "$D/" -e err.log -c n.conf & pids="$pids $!"
for _ in $(seq 100); do curl -s -o /dev/null "http://127.0.0.1:$port/up" && break; sleep 0.1; done
cat >ask.py <<'PY'
import http.client, sys, threading, time
port = int(sys.argv[1])
def get(path):
    t = time.time(); c = http.client.HTTPConnection('127.0.0.1', port); c.request('GET', path); r = c.getresponse(); r.read()
    return r.getheader('X-Cache'), time.time() - t
def at(fraction): time.sleep((fraction - time.time() % 1) % 1)
def second(path, wait): # stored in the first tenth of a second, asked again after `wait`
    at(0.02); t = time.time(); get(path); time.sleep(max(0, t + wait - time.time())); return get(path)[0]
def pair(path):
    out = []; first = threading.Thread(target=lambda: out.append(get(path))); first.start(); time.sleep(0.005)
    late = get(path); first.join(); return late
print('expected: after 1 s a new answer is fetched; a waiting request gets the answer when it is there (about 20 ms)')
old, older = second('/a', 1.7), second('/b', 2.3)
free, locked = min(pair('/f%d' % i)[1] for i in range(3)), min(pair('/locked%d' % i)[1] for i in range(3))
print('seen: max-age=1, asked again after 1.7 s: %s; control, after 2.3 s: %s' % (old, older))
print('seen: best of three second requests, with scgi_cache_lock: %.0f ms; control, without: %.0f ms' % (locked * 1000, free * 1000))
sys.exit(0 if old == 'HIT' and older in ('EXPIRED', 'MISS') and locked > 0.4 and free < 0.3 else 1)
PY
echo "2026-12-01 nginx $v, scgi_cache"
python3 ask.py "$port" && rc=0 || rc=1
echo "means: a cache of one second is a cache of up to two"
exit $rc
