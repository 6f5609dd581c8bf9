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
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1PrintableString;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509CRLHolder;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.crypto.engines.SM2Engine;
import org.bouncycastle.crypto.util.PrivateKeyFactory;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.ContentVerifierProvider;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;

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

	public static void main(String[] args) {
		Security.addProvider(new BouncyCastleProvider());
		dir = Path.of(args[0]);
		certificates();
		rest();
	}
}
