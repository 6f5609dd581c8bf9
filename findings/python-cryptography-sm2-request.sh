#!/bin/sh
# python3-cryptography reads a request with an SM2 key, and is_signature_valid answers False for a sound one: the same answer as for a
# forged one, where a certificate and a revocation list of the same key raise UnsupportedAlgorithm. It verifies with the EMPTY SM2 id, no
# way to set it: a request that was wrongly signed with the empty id is called good. The hash algorithm of an OCSP answer's certificate id raises with the words "SIGNATURE algorithm OID ... not recognized".
# For Yinxin: a partner's script that "checks" our requests with it refuses all of them, and blames the signature; sm-crypto, GmSSL or
# openssl with distid are referees. Seen 2026-12-01: python3-cryptography 38.0.4, Debian 12.
set -eu
v=$(dpkg-query -W -f '${Version}' python3-cryptography 2>/dev/null || true)
case $v in 38.0.4-*) ;; *) echo "skip: python3-cryptography 38.0.4 is not installed"; exit 77 ;; esac
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT INT TERM
cd "$D"
id=distid:1234567812345678
openssl ecparam -name SM2 -genkey -noout -out k.pem
openssl req -new -key k.pem -sm3 -sigopt $id -subj '/CN=test' -out sm2.pem
openssl req -new -key k.pem -sm3 -subj '/CN=test' -out empty.pem # OpenSSL's own default: the empty id
openssl req -x509 -new -key k.pem -sm3 -sigopt $id -subj '/CN=test' -days 9 -out cert.pem
openssl ecparam -name prime256v1 -genkey -noout -out p.pem
openssl req -new -key p.pem -subj '/CN=test' -out p256.pem
openssl ocsp -issuer cert.pem -sm3 -cert cert.pem -reqout q.der -no_nonce 2>/dev/null
referee=$(openssl req -in sm2.pem -noout -verify -vfyopt $id 2>&1 | head -1)
cat >a.py <<'PY'
import sys
from cryptography import x509
from cryptography.x509 import ocsp
def turn(f):
    try: return str(f())
    except Exception as e: return '%s: %s' % (type(e).__name__, e)
read = lambda n: open(n, 'rb').read()
sm2 = turn(lambda: x509.load_pem_x509_csr(read('sm2.pem')).is_signature_valid)
empty = turn(lambda: x509.load_pem_x509_csr(read('empty.pem')).is_signature_valid)
p256 = turn(lambda: x509.load_pem_x509_csr(read('p256.pem')).is_signature_valid)
key = turn(lambda: x509.load_pem_x509_certificate(read('cert.pem')).public_key())
digest = turn(lambda: ocsp.load_der_ocsp_request(read('q.der')).hash_algorithm)
print('expected: True, or UnsupportedAlgorithm as elsewhere')
print('seen, request with an SM2 key, is_signature_valid:', sm2)
print('seen, the same signed with the empty id:', empty)
print('seen, public key of a certificate:', key)
print('seen, hash of an OCSP question:', digest)
print('control, request with a P-256 key:', p256)
sys.exit(0 if sm2 == 'False' and empty == 'True' and p256 == 'True' and 'Unsupported' in key and 'Signature algorithm OID' in digest else 1)
PY
echo "2026-12-01 python3-cryptography $v; referee: $referee"
/usr/bin/python3 a.py && rc=0 || rc=1
echo "means: neither False nor True is a verdict here"
exit $rc
