#!/bin/bash
# Other implementations accept what we emit, we accept what they make, and both refuse it with an octet changed.
# bash tests/interop/run.sh BUILD_DIR; prints TAP. openssl's exit codes lie in places, so its text is read.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=$(cd "${1:?usage: run.sh BUILD_DIR}" && pwd)
emit=$(find "$build" -type f -name interop_emit | head -n 1)
path=$(find "$build" -type f -name interop_ossl_path | head -n 1)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
id=distid:1234567812345678
count=0
failed=0

say() { # result, text
	count=$((count + 1))
	[ "$1" = "not ok" ] && failed=1
	echo "$1 $count - $2"
}
yes() { # text, command...: must succeed
	local what=$1
	shift
	if "$@" >"$dir/log" 2>&1; then say ok "$what"; else
		say "not ok" "$what"
		sed 's/^/# /' "$dir/log"
	fi
}
no() { # text, command...: must fail
	local what=$1
	shift
	if "$@" >"$dir/log" 2>&1; then say "not ok" "$what"; else say ok "$what"; fi
}
flip() { # file, offset, new file
	local octet
	octet=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
	cp "$1" "$3"
	printf "$(printf '\\%03o' $((octet ^ 4)))" | dd of="$3" bs=1 seek="$2" conv=notrunc status=none
}

# --- judges: each ends with 0 when it accepts the file ---
ossl_cert() { # issuer.pem cert.der
	openssl x509 -inform DER -in "$2" -out "$dir/one.pem" &&
		openssl verify -partial_chain -vfyopt $id -CAfile "$1" "$dir/one.pem" | grep -q ': OK$'
}
ossl_csr() {
	openssl req -inform DER -in "$1" -noout -verify -vfyopt $id 2>&1 | grep -q 'self-signature verify OK'
}
ossl_signed() { # issuer certificate, DER of a signed object: TBS and signature taken out and checked by hand
	local from
	from=$(openssl asn1parse -inform DER -in "$2" | grep -E '^ *[0-9]+:d=1 .*(cons: SEQUENCE|prim: BIT STRING)') || return 1
	openssl asn1parse -inform DER -in "$2" -strparse "$(sed -n 1p <<<"$from" | cut -d: -f1)" -out "$dir/tbs" -noout || return 1
	openssl asn1parse -inform DER -in "$2" -strparse "$(sed -n 3p <<<"$from" | cut -d: -f1)" -out "$dir/tbs.sig" -noout || return 1
	openssl x509 -in "$1" -pubkey -noout >"$dir/tbs.pub"
	openssl dgst -sm3 -sigopt $id -verify "$dir/tbs.pub" -signature "$dir/tbs.sig" "$dir/tbs" 2>&1 | grep -q '^Verified OK'
}
ossl_sig() {
	openssl x509 -in "$dir/sign.pem" -pubkey -noout >"$dir/sign.pub"
	openssl dgst -sm3 -sigopt $id -verify "$dir/sign.pub" -signature "$1" "$dir/msg" 2>&1 | grep -q '^Verified OK'
}
ossl_cipher() {
	openssl pkeyutl -decrypt -inkey "$dir/enc.key" -in "$1" -out "$dir/plain" && cmp "$dir/plain" "$dir/msg"
}
scalar() { # of a private key file, as hex
	openssl pkey -in "$1" -noout -text | sed -n '/^priv:/,/^pub:/p' | grep '^ ' | tr -d ' :\n'
}
ossl_enveloped() { # GM/T 0009-2012, 7.4 by hand
	local at
	at=$(openssl asn1parse -inform DER -in "$1" | grep -E '^ *[0-9]+:d=1 ') || return 1
	# the second member is the SM2Cipher; its octets are cut out whole
	local from len
	from=$(sed -n 2p <<<"$at" | cut -d: -f1 | tr -d ' ')
	len=$(sed -n 2p <<<"$at" | sed -E 's/.*hl= *([0-9]+) l= *([0-9]+) .*/\1 \2/' | awk '{print $1 + $2}')
	dd if="$1" of="$dir/sym" bs=1 skip="$from" count="$len" status=none
	openssl pkeyutl -decrypt -inkey "$dir/sign.key" -in "$dir/sym" -out "$dir/symkey" || return 1
	# the last member is the wrapped key, of 32 octets in our form
	tail -c 32 "$1" >"$dir/wrapped"
	openssl enc -d -sm4-ecb -nopad -K "$(od -An -tx1 -v "$dir/symkey" | tr -d ' \n')" -in "$dir/wrapped" -out "$dir/scalar" || return 1
	[ "$(od -An -tx1 -v "$dir/scalar" | tr -d ' \n')" = "$(scalar "$dir/enc.key" | sed 's/^00//')" ]
}
ossl_path() { # leaf, lists...: the path to our root, with a list for every authority
	local leaf=$1
	shift
	"$path" "$dir/root.der" "$dir/ca.der" "$dir/$leaf.der" "$@" | grep -qx OK
}
# GnuTLS and Botan know neither curve nor signature. What they are asked is whether they can read the object at all: the profile
# extension under the bureau's arc and what stands around it. Their exit statuses are no answer (botan ends with 0 and prints
# nothing for a certificate that it cannot decode).
certtool_reads() { # certificate.der, arc, profile
	certtool --certificate-info --inder --infile "$1" >"$dir/certtool" 2>&1
	grep -q '^X.509 Certificate Information:' "$dir/certtool" && ! grep -q 'import error' "$dir/certtool" &&
		grep -A1 "Unknown extension $2.3 (not critical)" "$dir/certtool" | grep -q "ASCII: \.\.*$3\$"
}
certtool_reads_list() { # list.der, entries
	certtool --crl-info --inder --infile "$1" >"$dir/certtool" 2>&1
	grep -q '^X.509 Certificate Revocation List Information:' "$dir/certtool" &&
		[ "$(grep -c 'Serial Number (hex)' "$dir/certtool")" = "$2" ]
}
certtool_reads_request() {
	certtool --crq-info --inder --infile "$1" >"$dir/certtool" 2>&1
	grep -q 'Subject: CN=YX00000001,C=CN' "$dir/certtool" && grep -q 'Signature Algorithm: 1.2.156.10197.1.501' "$dir/certtool"
}
botan_reads() { # certificate.der
	local serial
	serial=$(openssl x509 -inform DER -in "$1" -noout -serial | cut -d= -f2)
	botan cert_info "$1" >"$dir/botan" 2>&1
	grep -q '^Version: 3$' "$dir/botan" && grep -q '^Signature algorithm: SM2_Sig/SM3$' "$dir/botan" &&
		grep -q "^Serial number: $serial\$" "$dir/botan"
}
ours() { # kind, file
	"$emit" check "$1" "$dir" "$2"
}
same_serial_and_reason() {
	openssl crl -inform DER -in "$dir/crl.der" -noout -text >"$dir/crl.txt" &&
		grep -q "Serial Number: $(cat "$dir/staff.serial")" "$dir/crl.txt" && grep -q 'Key Compromise' "$dir/crl.txt" &&
		grep -A1 'X509v3 CRL Number' "$dir/crl.txt" | grep -q 4711 && grep -q 'Version 2' "$dir/crl.txt"
}
reencodes() {
	openssl x509 -inform DER -in "$1" -outform DER -out "$dir/again" && cmp "$1" "$dir/again"
}
hmac_agrees() {
	[ "$(openssl mac -digest SM3 -macopt key:'interop key' -in "$dir/msg" HMAC | tr 'A-F' 'a-f')" = "$(cat "$dir/hmac.hex")" ]
}
pbkdf2_agrees() {
	[ "$(openssl kdf -keylen 40 -kdfopt digest:SM3 -kdfopt pass:123456 -kdfopt salt:salt-salt-salt-s -kdfopt iter:1000 PBKDF2 |
		tr -d ':\n' | tr 'A-F' 'a-f')" = "$(cat "$dir/pbkdf2.hex")" ]
}

if [ -z "$emit" ]; then
	say "not ok" "interop_emit is built"
	echo "1..$count"
	exit 1
fi
yes "emit" "$emit" emit "$top/share/profiles/profiles.json" "$dir"

# --- openssl judges ours ---
yes "openssl: root signs the CA" ossl_cert "$dir/root.pem" "$dir/ca.der"
yes "openssl: root signs itself" ossl_signed "$dir/root.pem" "$dir/root.der"
for c in sign enc staff card; do
	yes "openssl: CA signs $c" ossl_cert "$dir/ca.pem" "$dir/$c.der"
	no "openssl: root does not sign $c" ossl_cert "$dir/root.pem" "$dir/$c.der"
done
for c in root ca sign enc staff card ocsp tsa; do yes "openssl: $c re-encodes to the same octets" reencodes "$dir/$c.der"; done
yes "openssl: request" ossl_csr "$dir/csr.der"
yes "openssl: text of the revocation list" same_serial_and_reason
yes "openssl: signature of the revocation list" ossl_signed "$dir/ca.pem" "$dir/crl.der"
yes "openssl: signature" ossl_sig "$dir/sig"
yes "openssl: ciphertext" ossl_cipher "$dir/cipher"
yes "openssl: enveloped key" ossl_enveloped "$dir/enveloped"
yes "openssl: HMAC-SM3" hmac_agrees
yes "openssl: PBKDF2 with SM3" pbkdf2_agrees

yes "openssl: signature of the root's revocation list" ossl_signed "$dir/root.pem" "$dir/root.crl.der"

# --- libcrypto: the whole path, with a list for every authority (-crl_check_all) ---
yes "libcrypto: path with both lists" ossl_path sign "$dir/crl.der" "$dir/root.crl.der"
no "libcrypto: no path without the root's list" ossl_path sign "$dir/crl.der"
no "libcrypto: no path without the authority's list" ossl_path sign "$dir/root.crl.der"
no "libcrypto: revoked is revoked" ossl_path staff "$dir/crl.der" "$dir/root.crl.der"
flip "$dir/root.crl.der" 200 "$dir/bad"
no "libcrypto: no path with an octet of the root's list changed" ossl_path sign "$dir/crl.der" "$dir/bad"

# --- GnuTLS and Botan read ours, of the demonstration's arc and of an enterprise's, the largest number among them ---
others_read() { # folder, arc
	local c
	for c in root:root ca:ca sign:unit-sign enc:unit-enc staff:staff-sign card:card ocsp:ocsp tsa:tsa; do
		yes "certtool: reads ${c%:*} under $2" certtool_reads "$1/${c%:*}.der" "$2" "${c#*:}"
		yes "botan: reads ${c%:*} under $2" botan_reads "$1/${c%:*}.der"
	done
}
if ! command -v certtool >/dev/null || ! command -v botan >/dev/null; then
	say "not ok" "certtool and botan are here (gnutls-bin, botan)"
else
	others_read "$dir" 2.999.20518
	for pen in 32473 4294967295; do
		mkdir "$dir/pen$pen"
		"$emit" emit "$top/share/profiles/profiles.json" "$dir/pen$pen" $pen
		others_read "$dir/pen$pen" 1.3.6.1.4.1.$pen.20518
	done
	yes "certtool: reads the revocation list" certtool_reads_list "$dir/crl.der" 1
	yes "certtool: reads the root's revocation list" certtool_reads_list "$dir/root.crl.der" 0
	yes "certtool: reads the request" certtool_reads_request "$dir/csr.der"
	# What they said of every certificate until the arc was changed; the judges can refuse.
	no "certtool: does not read a number of 128 bits" certtool_reads "$top/tests/vectors/bureau/sign.cer" \
		2.25.221193735541470713841366452119853042145 unit-sign
	no "botan: does not read a number of 128 bits" botan_reads "$top/tests/vectors/bureau/sign.cer"
fi

# --- we judge ours and openssl's ---
for c in sign enc card; do yes "we: path of $c" ours cert "$dir/$c.der"; done
no "we: revoked staff refused" ours cert "$dir/staff.der"
yes "we: request" ours csr "$dir/csr.der"
yes "we: revocation list" ours crl "$dir/crl.der"
yes "we: signature" ours sig "$dir/sig"
yes "we: ciphertext" ours cipher "$dir/cipher"
yes "we: enveloped key" ours enveloped "$dir/enveloped"
openssl dgst -sm3 -sigopt $id -sign "$dir/sign.key" -out "$dir/o.sig" "$dir/msg"
yes "we: signature of openssl" ours sig "$dir/o.sig"
openssl dgst -sm3 -sign "$dir/sign.key" -out "$dir/o.sig" "$dir/msg"
no "we: signature of openssl with the empty id refused" ours sig "$dir/o.sig"
openssl pkeyutl -encrypt -inkey "$dir/enc.key" -in "$dir/msg" -out "$dir/o.cipher"
yes "we: ciphertext of openssl" ours cipher "$dir/o.cipher"
openssl req -new -key "$dir/sign.key" -sm3 -sigopt $id -subj /C=CN/O=x/CN=y -outform DER -out "$dir/o.csr"
yes "we: request of openssl" ours csr "$dir/o.csr"
openssl req -new -key "$dir/sign.key" -sm3 -subj /C=CN/O=x/CN=y -outform DER -out "$dir/o.csr"
no "we: request of openssl with the empty id refused" ours csr "$dir/o.csr"

# --- an octet changed, at places all over the object ---
flips() { # kind, file, judge of openssl and its arguments
	local kind=$1 file=$2 size at
	shift 2
	size=$(stat -c %s "$dir/$file")
	for at in 1 $((size / 9)) $((size / 5)) $((size / 3)) $((size / 2)) $((size * 2 / 3)) $((size * 8 / 9)) $((size - 1)); do
		flip "$dir/$file" "$at" "$dir/bad"
		no "we: $file with octet $at changed refused" ours "$kind" "$dir/bad"
		no "openssl: $file with octet $at changed refused" "$@" "$dir/bad"
	done
}
flips cert sign.der ossl_cert "$dir/ca.pem"
flips csr csr.der ossl_csr
flips crl crl.der ossl_signed "$dir/ca.pem"
flips sig sig ossl_sig
flips cipher cipher ossl_cipher
yes "we: answer on status" ours ocsp "$dir/ocsp.resp"
yes "we: time stamp" ours tsp "$dir/tsp.resp"
ours_flips() { # kind, file, first octet: one in seven of the rest changed in one bit
	local at size
	size=$(stat -c %s "$dir/$2")
	for ((at = $3; at < size; at += 7)); do
		flip "$dir/$2" "$at" "$dir/bad"
		if "$emit" check "$1" "$dir" "$dir/bad" 2>/dev/null; then
			say "not ok" "we: $2 with octet $at changed refused"
			return
		fi
	done
	say ok "we: $2 with every seventh octet changed refused"
}
ours_flips ocsp ocsp.resp 0
ours_flips tsp tsp.resp 9 # before it lies the status, which nobody signs

# --- BouncyCastle ---
jars=$(printf '%s:' /usr/share/java/bcprov.jar /usr/share/java/bcpkix.jar /usr/share/java/bcutil.jar)
mkdir "$dir/classes"
if ! command -v javac >/dev/null || ! command -v java >/dev/null; then
	say "not ok" "BouncyCastle: no java here (default-jdk-headless, libbcpkix-java)"
elif ! javac -cp "$jars" -d "$dir/classes" "$here/Check.java" >"$dir/log" 2>&1; then
	say "not ok" "BouncyCastle: Check.java compiles"
	sed 's/^/# /' "$dir/log"
else
	java -cp "$jars$dir/classes" Check "$dir" >"$dir/bc" 2>"$dir/log"
	while read -r line; do
		case $line in
		"ok "*) say ok "${line#ok }" ;;
		"not ok "*) say "not ok" "${line#not ok }" ;;
		esac
	done <"$dir/bc"
	# --- we judge what BouncyCastle made meanwhile ---
	yes "we: status request of BouncyCastle" ours ocspreq "$dir/bc.ocspreq"
	yes "we: answer on status of BouncyCastle" ours ocsp "$dir/bc.ocsp"
	no "we: answer by a signer that is no responder refused" ours ocsp "$dir/bc.ocsp.wrong"
	yes "we: stamp request of BouncyCastle" ours tsq "$dir/bc.tsq"
	no "we: stamp request of BouncyCastle over SHA-256 refused" ours tsq "$dir/bc.tsq.sha256"
	yes "we: time stamp of BouncyCastle" ours tsp "$dir/bc.tsp"
	ours_flips ocsp bc.ocsp 0
	if [ "$(wc -l <"$dir/bc")" -lt 20 ]; then
		say "not ok" "BouncyCastle: gave its answers"
		sed 's/^/# /' "$dir/log"
	fi
fi

# --- sm-crypto, where the browser tests have installed it ---
if [ -d "$top/node_modules/sm-crypto" ]; then
	openssl x509 -in "$dir/sign.pem" -noout -pubkey | openssl pkey -pubin -outform DER | tail -c 65 >"$dir/point"
	openssl x509 -in "$dir/ca.pem" -noout -pubkey | openssl pkey -pubin -outform DER | tail -c 65 >"$dir/ca.point"
	ossl_signed "$dir/ca.pem" "$dir/sign.der"
	cp "$dir/tbs" "$dir/sign.tbs" && cp "$dir/tbs.sig" "$dir/sign.tbs.sig"
	yes "sm-crypto" node "$here/check.cjs" "$top/node_modules/sm-crypto" "$dir"
fi
echo "1..$count"
exit $failed
