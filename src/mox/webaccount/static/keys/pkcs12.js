// A key and its certificate in one file with a passphrase (PKCS #12, RFC 7292): PBES2 with AES-256 and
// HMAC-SHA-256 (RFC 8018), and a MAC with SHA-256. Nothing in it is of the old, weak kinds.
import { bmpString, element, identifier, integer, join, nothing, octetString, sequence, set, tagged, utf16 } from "./der.js"

const OID = {
	data: "1.2.840.113549.1.7.1",
	encryptedData: "1.2.840.113549.1.7.6",
	shroudedKeyBag: "1.2.840.113549.1.12.10.1.2",
	certBag: "1.2.840.113549.1.12.10.1.3",
	x509Certificate: "1.2.840.113549.1.9.22.1",
	friendlyName: "1.2.840.113549.1.9.20",
	localKeyId: "1.2.840.113549.1.9.21",
	pbes2: "1.2.840.113549.1.5.13",
	pbkdf2: "1.2.840.113549.1.5.12",
	hmacWithSha256: "1.2.840.113549.2.9",
	aes256Cbc: "2.16.840.1.101.3.4.1.42",
	sha256: "2.16.840.1.101.3.4.2.1",
}
const ITERATIONS = 100_000
// Each is one asynchronous call, so fewer: a second's worth.
const MAC_ITERATIONS = 10_000
const BLOCK = 64

const random = (size) => crypto.getRandomValues(new Uint8Array(size))

/** Return the file's octets. `pkcs8` and `certificate` are DER. */
export async function makePkcs12({ pkcs8, certificate, name, passphrase }) {
	const keyId = new Uint8Array(await crypto.subtle.digest("SHA-256", certificate))
	const attributes = set(
		sequence(identifier(OID.friendlyName), set(bmpString(name))),
		sequence(identifier(OID.localKeyId), set(octetString(keyId))),
	)
	const certificates = sequence(sequence(
		identifier(OID.certBag),
		tagged(0, sequence(identifier(OID.x509Certificate), tagged(0, octetString(certificate)))),
		attributes,
	))
	const sealedKey = await seal(pkcs8, passphrase)
	const keys = sequence(sequence(
		identifier(OID.shroudedKeyBag),
		tagged(0, sequence(sealedKey.algorithm, octetString(sealedKey.octets))),
		attributes,
	))
	const sealedCertificates = await seal(certificates, passphrase)
	const contents = sequence(
		sequence(identifier(OID.encryptedData), tagged(0, sequence(integer(0), sequence(
			identifier(OID.data),
			sealedCertificates.algorithm,
			element(0x80, sealedCertificates.octets),
		)))),
		sequence(identifier(OID.data), tagged(0, octetString(keys))),
	)
	return sequence(
		integer(3),
		sequence(identifier(OID.data), tagged(0, octetString(contents))),
		await macData(contents, passphrase),
	)
}

/** Encrypt by PBES2 (RFC 8018 §6.2). */
async function seal(octets, passphrase) {
	const [salt, iv] = [random(16), random(16)]
	const password = await crypto.subtle.importKey("raw", new TextEncoder().encode(passphrase), "PBKDF2", false, ["deriveKey"])
	const key = await crypto.subtle.deriveKey(
		{ name: "PBKDF2", hash: "SHA-256", salt, iterations: ITERATIONS }, password, { name: "AES-CBC", length: 256 }, false, ["encrypt"])
	const algorithm = sequence(identifier(OID.pbes2), sequence(
		sequence(identifier(OID.pbkdf2), sequence(
			octetString(salt), integer(ITERATIONS), integer(32), sequence(identifier(OID.hmacWithSha256), nothing()))),
		sequence(identifier(OID.aes256Cbc), octetString(iv)),
	))
	return { algorithm, octets: new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CBC", iv }, key, octets)) }
}

async function macData(contents, passphrase) {
	const salt = random(16)
	const raw = await macKey(passphrase, salt)
	const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"])
	const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, contents))
	return sequence(
		sequence(sequence(identifier(OID.sha256), nothing()), octetString(mac)), octetString(salt), integer(MAC_ITERATIONS))
}

/** Derive a key of one digest's size for the MAC (RFC 7292 appendix B.2, with ID 3). */
async function macKey(passphrase, salt) {
	const diversifier = new Uint8Array(BLOCK).fill(3)
	const password = join(utf16(passphrase), Uint8Array.of(0, 0))
	let digest = join(diversifier, repeated(salt), repeated(password))
	for (let round = 0; round < MAC_ITERATIONS; round += 1) digest = new Uint8Array(await crypto.subtle.digest("SHA-256", digest))
	return digest
}

function repeated(octets) {
	const size = BLOCK * Math.ceil(octets.length / BLOCK)
	return Uint8Array.from({ length: size }, (_, at) => octets[at % octets.length])
}
