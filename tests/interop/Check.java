// BouncyCastle's judgement of our objects: java Check DIR. One line "ok what" or "not ok what" for each.
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Security;
import java.security.Signature;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1PrintableString;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.ocsp.OCSPObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509CRLHolder;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cert.ocsp.BasicOCSPResp;
import org.bouncycastle.cert.ocsp.BasicOCSPRespBuilder;
import org.bouncycastle.cert.ocsp.CertificateID;
import org.bouncycastle.cert.ocsp.CertificateStatus;
import org.bouncycastle.cert.ocsp.OCSPReq;
import org.bouncycastle.cert.ocsp.OCSPReqBuilder;
import org.bouncycastle.cert.ocsp.OCSPResp;
import org.bouncycastle.cert.ocsp.OCSPRespBuilder;
import org.bouncycastle.cert.ocsp.RespID;
import org.bouncycastle.cert.ocsp.RevokedStatus;
import org.bouncycastle.cert.ocsp.SingleResp;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.crypto.engines.SM2Engine;
import org.bouncycastle.crypto.util.PrivateKeyFactory;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.ContentVerifierProvider;
import org.bouncycastle.operator.DigestCalculator;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.tsp.TimeStampRequest;
import org.bouncycastle.tsp.TimeStampRequestGenerator;
import org.bouncycastle.tsp.TimeStampResponse;
import org.bouncycastle.tsp.TimeStampResponseGenerator;
import org.bouncycastle.tsp.TimeStampToken;
import org.bouncycastle.tsp.TimeStampTokenGenerator;

public final class Check {
	private static Path dir;

	private interface Test {
		boolean run() throws Exception;
	}

	private static void report(String what, Test test) {
		boolean ok = false;
		String why = "";
		try {
			ok = test.run();
		} catch (Exception e) {
			why = " # " + e;
		}
		System.out.println((ok ? "ok " : "not ok ") + what + why.replace('\n', ' '));
	}

	private static byte[] read(String name) throws Exception {
		return Files.readAllBytes(dir.resolve(name));
	}

	private static X509CertificateHolder cert(String name) throws Exception {
		return new X509CertificateHolder(read(name + ".der"));
	}

	private static ContentVerifierProvider by(X509CertificateHolder issuer) throws Exception {
		return new JcaContentVerifierProviderBuilder().setProvider("BC").build(issuer);
	}

	private static X509Certificate jca(byte[] der) throws Exception {
		return (X509Certificate) CertificateFactory.getInstance("X.509", "BC").generateCertificate(new ByteArrayInputStream(der));
	}

	private static boolean certValid(byte[] der) throws Exception {
		X509CertificateHolder h = new X509CertificateHolder(der);
		return h.getIssuer().equals(cert("ca").getSubject()) && h.isSignatureValid(by(cert("ca")));
	}

	private static boolean csrValid(byte[] der) throws Exception {
		PKCS10CertificationRequest r = new PKCS10CertificationRequest(der);
		return r.isSignatureValid(new JcaContentVerifierProviderBuilder().setProvider("BC").build(r.getSubjectPublicKeyInfo()));
	}

	private static boolean crlValid(byte[] der) throws Exception {
		return new X509CRLHolder(der).isSignatureValid(by(cert("ca")));
	}

	private static boolean sigValid(byte[] der) throws Exception {
		PublicKey key = KeyFactory.getInstance("EC", "BC")
			.generatePublic(new X509EncodedKeySpec(cert("sign").getSubjectPublicKeyInfo().getEncoded()));
		Signature s = Signature.getInstance("SM3withSM2", "BC");
		s.initVerify(key);
		s.update(read("msg"));
		return s.verify(der);
	}

	// PKIX with revocation, as BouncyCastle's provider does it.
	private static void path(String leaf) throws Exception {
		CertificateFactory f = CertificateFactory.getInstance("X.509", "BC");
		X509CRL crl = (X509CRL) f.generateCRL(new ByteArrayInputStream(read("crl.der")));
		CertPath chain = f.generateCertPath(List.of(jca(read(leaf + ".der"))));
		PKIXParameters p = new PKIXParameters(Set.of(new TrustAnchor(jca(read("ca.der")), null)));
		p.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(List.of(crl)), "BC"));
		p.setRevocationEnabled(true);
		CertPathValidator.getInstance("PKIX", "BC").validate(chain, p);
	}

	// To our root, with a list for every authority; without the root's BouncyCastle finds no way.
	private static void wholePath(String leaf, String... lists) throws Exception {
		CertificateFactory f = CertificateFactory.getInstance("X.509", "BC");
		List<X509CRL> crls = new ArrayList<>();
		for (String name : lists)
			crls.add((X509CRL) f.generateCRL(new ByteArrayInputStream(read(name))));
		CertPath chain = f.generateCertPath(List.of(jca(read(leaf + ".der")), jca(read("ca.der"))));
		PKIXParameters p = new PKIXParameters(Set.of(new TrustAnchor(jca(read("root.der")), null)));
		p.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(crls), "BC"));
		p.setRevocationEnabled(true);
		CertPathValidator.getInstance("PKIX", "BC").validate(chain, p);
	}

	private static boolean refused(String leaf, String... lists) throws Exception {
		try {
			wholePath(leaf, lists);
			return false;
		} catch (CertPathValidatorException e) {
			return true;
		}
	}

	private static void longPath(String leaf) throws Exception {
		CertificateFactory f = CertificateFactory.getInstance("X.509", "BC");
		CertPath chain = f.generateCertPath(List.of(jca(read(leaf + ".der")), jca(read("ca.der"))));
		PKIXParameters p = new PKIXParameters(Set.of(new TrustAnchor(jca(read("root.der")), null)));
		p.setRevocationEnabled(false);
		CertPathValidator.getInstance("PKIX", "BC").validate(chain, p);
	}

	private static boolean decrypts() throws Exception {
		ASN1Sequence s = ASN1Sequence.getInstance(read("cipher"));
		byte[] hash = ASN1OctetString.getInstance(s.getObjectAt(2)).getOctets();
		byte[] text = ASN1OctetString.getInstance(s.getObjectAt(3)).getOctets();
		byte[] all = new byte[65 + 32 + text.length];
		all[0] = 4;
		right(ASN1Integer.getInstance(s.getObjectAt(0)).getPositiveValue(), all, 1);
		right(ASN1Integer.getInstance(s.getObjectAt(1)).getPositiveValue(), all, 33);
		System.arraycopy(hash, 0, all, 65, 32);
		System.arraycopy(text, 0, all, 97, text.length);
		SM2Engine e = new SM2Engine(SM2Engine.Mode.C1C3C2);
		String pem = Files.readString(dir.resolve("enc.key")).replaceAll("-----[A-Z ]+-----|\\s", "");
		e.init(false, PrivateKeyFactory.createKey(java.util.Base64.getDecoder().decode(pem)));
		return java.util.Arrays.equals(e.processBlock(all, 0, all.length), read("msg"));
	}

	private static void right(BigInteger v, byte[] out, int at) {
		byte[] b = v.toByteArray();
		int skip = b.length > 32 ? b.length - 32 : 0;
		System.arraycopy(b, skip, out, at + 32 - (b.length - skip), b.length - skip);
	}

	// BouncyCastle verifies what it would have written itself, not what it read. Two places have slack in it, both refused by
	// us (tests/unit/pki): the value of a TRUE, where it takes any octet but 0, and the number of the context tag [0].
	private static boolean slack(byte[] der, int i) {
		boolean isTrue = i >= 2 && der[i] == -1 && der[i - 1] == 1 && der[i - 2] == 1;
		return isTrue || der[i] == (byte) 0xa0;
	}

	private static boolean accepted(Flip valid, byte[] der) {
		try {
			return valid.test(der);
		} catch (Exception | Error e) {
			return false;
		}
	}

	// Every bit in turn; none may be accepted.
	private static boolean flips(String name, Flip valid) throws Exception {
		byte[] der = read(name);
		if (!valid.test(der))
			return false;
		for (int bit = 0; bit < der.length * 8; bit++) {
			byte[] bad = der.clone();
			bad[bit / 8] ^= 1 << bit % 8;
			if (!slack(der, bit / 8) && accepted(valid, bad))
				throw new Exception("octet " + bit / 8 + ", bit " + bit % 8 + " changed and accepted");
		}
		return true;
	}

	private interface Flip {
		boolean test(byte[] der) throws Exception;
	}

	private static boolean usage(String name, int bits) throws Exception {
		return KeyUsage.fromExtensions(cert(name).getExtensions()).hasUsages(bits)
			&& cert(name).getExtension(Extension.keyUsage).isCritical()
			&& cert(name).getExtension(Extension.basicConstraints) == null;
	}

	private static boolean refused(String leaf) throws Exception {
		try {
			path(leaf);
		} catch (CertPathValidatorException e) {
			return e.getMessage().contains("revoc") || e.getMessage().contains("revoke");
		}
		return false;
	}

	private static void certificates() {
		report("BouncyCastle: root signs itself", () -> cert("root").isSignatureValid(by(cert("root"))));
		report("BouncyCastle: root signs the CA", () -> cert("ca").isSignatureValid(by(cert("root"))));
		for (String name : List.of("sign", "enc", "staff", "card")) {
			report("BouncyCastle: CA signs " + name, () -> certValid(read(name + ".der")));
			report("BouncyCastle: PKIX path root, CA, " + name, () -> {
				longPath(name);
				return true;
			});
		}
		for (String name : List.of("sign", "enc", "card")) {
			report("BouncyCastle: PKIX with revocation accepts " + name, () -> {
				path(name);
				return true;
			});
		}
		report("BouncyCastle: PKIX with revocation refuses the revoked one", () -> refused("staff"));
		report("BouncyCastle: usage of the signing certificate",
			() -> usage("sign", KeyUsage.digitalSignature | KeyUsage.nonRepudiation));
		report("BouncyCastle: usage of the encryption certificate",
			() -> usage("enc", KeyUsage.keyEncipherment | KeyUsage.dataEncipherment | KeyUsage.keyAgreement));
		report("BouncyCastle: credit code is a plain PrintableString",
			() -> ASN1PrintableString.getInstance(cert("sign").getExtension(new ASN1ObjectIdentifier("1.2.156.10260.4.1.4"))
				.getParsedValue()).getString().equals("91430100MAYYYY016Y"));
	}

	private static void rest() {
		report("BouncyCastle: request", () -> csrValid(read("csr.der")));
		report("BouncyCastle: path to the root with both lists", () -> {
			wholePath("sign", "crl.der", "root.crl.der");
			return true;
		});
		report("BouncyCastle: no path to the root without its list", () -> refused("sign", "crl.der"));
		report("BouncyCastle: revoked is revoked on the whole path", () -> refused("staff", "crl.der", "root.crl.der"));
		report("BouncyCastle: revocation list", () -> crlValid(read("crl.der")));
		report("BouncyCastle: revoked serial is listed", () -> new X509CRLHolder(read("crl.der"))
			.getRevokedCertificate(new BigInteger(Files.readString(dir.resolve("staff.serial")), 16)) != null);
		report("BouncyCastle: signature", () -> sigValid(read("sig")));
		report("BouncyCastle: ciphertext", Check::decrypts);
		report("BouncyCastle: every changed bit of a certificate refused", () -> flips("sign.der", Check::certValid));
		report("BouncyCastle: every changed bit of a request refused", () -> flips("csr.der", Check::csrValid));
		report("BouncyCastle: every changed bit of a list refused", () -> flips("crl.der", Check::crlValid));
		report("BouncyCastle: every changed bit of a signature refused", () -> flips("sig", Check::sigValid));
	}

	// --- status of certificates and time stamps, both ways ---

	private static final ASN1ObjectIdentifier SM3 = new ASN1ObjectIdentifier("1.2.156.10197.1.401");

	private static DigestCalculator sm3() throws Exception {
		return new JcaDigestCalculatorProviderBuilder().setProvider("BC").build().get(new AlgorithmIdentifier(SM3));
	}

	private static byte[] imprint() throws Exception {
		DigestCalculator d = sm3();
		d.getOutputStream().write(read("msg"));
		return d.getDigest();
	}

	private static ContentSigner signer(String name) throws Exception {
		String pem = Files.readString(dir.resolve(name + ".key")).replaceAll("-----[A-Z ]+-----|\\s", "");
		java.security.PrivateKey k = KeyFactory.getInstance("EC", "BC")
			.generatePrivate(new java.security.spec.PKCS8EncodedKeySpec(java.util.Base64.getDecoder().decode(pem)));
		return new JcaContentSignerBuilder("SM3withSM2").setProvider("BC").build(k);
	}

	private static CertificateID id(String name) throws Exception {
		return new CertificateID(sm3(), cert("ca"), cert(name).getSerialNumber());
	}

	private static void write(String name, byte[] der) throws Exception {
		Files.write(dir.resolve(name), der);
	}

	private static boolean ocspValid(byte[] der) throws Exception {
		OCSPResp r = new OCSPResp(der);
		BasicOCSPResp b = (BasicOCSPResp) r.getResponseObject();
		X509CertificateHolder by = b.getCerts()[0];
		return r.getStatus() == OCSPResp.SUCCESSFUL && by.isSignatureValid(Check.by(cert("ca"))) && b.isSignatureValid(Check.by(by))
			&& by.getExtension(Extension.extendedKeyUsage) != null && b.getResponderId().toASN1Primitive().getName().equals(by.getSubject());
	}

	private static CertificateStatus statusOf(String name) throws Exception {
		for (SingleResp s : ((BasicOCSPResp) new OCSPResp(read("ocsp.resp")).getResponseObject()).getResponses()) {
			if (s.getCertID().matchesIssuer(cert("ca"), new JcaDigestCalculatorProviderBuilder().setProvider("BC").build())
				&& s.getCertID().getSerialNumber().equals(cert(name).getSerialNumber()))
				return s.getCertStatus();
		}
		throw new Exception("no answer about " + name);
	}

	private static boolean revoked(String name, int reason) throws Exception {
		return statusOf(name) instanceof RevokedStatus r && r.getRevocationReason() == reason;
	}

	private static byte[] nonce(Extension e) throws Exception {
		return ASN1OctetString.getInstance(e.getParsedValue()).getOctets();
	}

	private static boolean sameNonce() throws Exception {
		return java.util.Arrays.equals(nonce(new OCSPReq(read("ocsp.req")).getExtension(OCSPObjectIdentifiers.id_pkix_ocsp_nonce)),
			nonce(((BasicOCSPResp) new OCSPResp(read("ocsp.resp")).getResponseObject())
				.getExtension(OCSPObjectIdentifiers.id_pkix_ocsp_nonce)));
	}

	private static boolean stampValid(byte[] der) throws Exception {
		TimeStampResponse r = new TimeStampResponse(der);
		TimeStampRequest q = new TimeStampRequest(read("tsp.req"));
		r.validate(q);
		TimeStampToken t = r.getTimeStampToken();
		if (r.getStatus() != 0 || !java.util.Arrays.equals(t.getTimeStampInfo().getMessageImprintDigest(), imprint()))
			return false;
		t.validate(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(cert("tsa")));
		return true;
	}

	// Octets of a stamp that BouncyCastle does not look at, or re-encodes: the status before the token, which nobody signs, and
	// the certificate, for which it takes the one that it is given.
	private static boolean stampFlips() throws Exception {
		byte[] der = read("tsp.resp");
		byte[] info = new TimeStampResponse(der).getTimeStampToken().getTimeStampInfo().getEncoded();
		int from = new String(der, "ISO-8859-1").indexOf(new String(info, "ISO-8859-1"));
		if (from < 0)
			return false;
		for (int bit = from * 8; bit < (from + info.length) * 8; bit++) {
			byte[] bad = der.clone();
			bad[bit / 8] ^= 1 << bit % 8;
			if (accepted(Check::stampValid, bad))
				throw new Exception("octet " + bit / 8 + ", bit " + bit % 8 + " changed and accepted");
		}
		byte[] bad = der.clone();
		bad[der.length - 1] ^= 1;
		return !accepted(Check::stampValid, bad);
	}

	private static void makeOcsp(String signer, String file) throws Exception {
		BasicOCSPRespBuilder b = new BasicOCSPRespBuilder(new RespID(cert(signer).getSubject()));
		Date now = new Date();
		b.addResponse(id("sign"), CertificateStatus.GOOD, now, (Date) null);
		b.addResponse(id("staff"), new RevokedStatus(now, CRLReason.keyCompromise), now, new Date(now.getTime() + 60000));
		BasicOCSPResp r = b.build(signer(signer), new X509CertificateHolder[] {cert(signer)}, now);
		write(file, new OCSPRespBuilder().build(OCSPRespBuilder.SUCCESSFUL, r).getEncoded());
	}

	private static void makeRequests() throws Exception {
		OCSPReqBuilder b = new OCSPReqBuilder();
		b.addRequest(id("sign"));
		b.setRequestExtensions(new Extensions(new Extension(OCSPObjectIdentifiers.id_pkix_ocsp_nonce, false,
			new DEROctetString(new DEROctetString(new byte[] {1, 2, 3, 4, 5, 6, 7, 8})))));
		write("bc.ocspreq", b.build().getEncoded());
		TimeStampRequestGenerator g = new TimeStampRequestGenerator();
		g.setCertReq(true);
		write("bc.tsq", g.generate(SM3, imprint(), BigInteger.valueOf(4711)).getEncoded());
		write("bc.tsq.sha256", g.generate(new ASN1ObjectIdentifier("2.16.840.1.101.3.4.2.1"), new byte[32],
			BigInteger.valueOf(4711)).getEncoded());
	}

	private static void makeStamp() throws Exception {
		TimeStampTokenGenerator g = new TimeStampTokenGenerator(
			new JcaSignerInfoGeneratorBuilder(new JcaDigestCalculatorProviderBuilder().setProvider("BC").build())
				.build(signer("tsa"), jca(read("tsa.der"))), sm3(), new ASN1ObjectIdentifier("1.2.3.4"));
		g.addCertificates(new JcaCertStore(List.of(jca(read("tsa.der")))));
		TimeStampResponseGenerator r = new TimeStampResponseGenerator(g, Set.of(SM3.getId()));
		write("bc.tsp", r.generateGrantedResponse(new TimeStampRequest(read("bc.tsq")), BigInteger.valueOf(99), new Date()).getEncoded());
	}

	private static void notary() {
		report("BouncyCastle: answer on status, BasicOCSPResp.isSignatureValid", () -> ocspValid(read("ocsp.resp")));
		report("BouncyCastle: good is good", () -> statusOf("sign") == CertificateStatus.GOOD);
		report("BouncyCastle: revoked is revoked", () -> revoked("staff", CRLReason.keyCompromise));
		report("BouncyCastle: suspended is on hold", () -> revoked("card", CRLReason.certificateHold));
		report("BouncyCastle: nonce is the request's", Check::sameNonce);
		report("BouncyCastle: time stamp, TimeStampToken.validate", () -> stampValid(read("tsp.resp")));
		report("BouncyCastle: every changed bit of the stamped facts refused", Check::stampFlips);
		report("BouncyCastle: makes requests", () -> {
			makeRequests();
			return true;
		});
		report("BouncyCastle: makes an answer on status", () -> {
			makeOcsp("ocsp", "bc.ocsp");
			makeOcsp("sign", "bc.ocsp.wrong");
			return true;
		});
		report("BouncyCastle: makes a time stamp", () -> {
			makeStamp();
			return true;
		});
	}

	public static void main(String[] args) {
		Security.addProvider(new BouncyCastleProvider());
		dir = Path.of(args[0]);
		certificates();
		rest();
		notary();
	}
}
