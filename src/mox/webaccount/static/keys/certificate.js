// A key pair and the smallest certificate around it (RFC 5280): who signs in is known by the public key alone.
import { bitString, identifier, integer, sequence, set, tagged, time, unsigned, utf8String } from "./der.js"

const P256 = { name: "ECDSA", namedCurve: "P-256" }
const ECDSA_WITH_SHA256 = sequence(identifier("1.2.840.10045.4.3.2"))
const COMMON_NAME = "2.5.4.3"
// For ever (RFC 5280 §4.1.2.5): a device forgotten in a drawer shall still sign in, or be removed here.
const END = new Date("9999-12-31T23:59:59Z")

/** Whether this browser can make keys here: only over TLS, or on this machine. */
export const canMakeKeys = () => Boolean(globalThis.crypto?.subtle)

export const makeKeyPair = () => crypto.subtle.generateKey(P256, true, ["sign", "verify"])

/** Return a self-signed certificate in DER. */
export async function makeCertificate({ publicKey, privateKey }, name, now = new Date()) {
	const subject = sequence(set(sequence(identifier(COMMON_NAME), utf8String(name.slice(0, 64)))))
	const toBeSigned = sequence(
		tagged(0, integer(2)),
		unsigned(crypto.getRandomValues(new Uint8Array(16)).map((octet, at) => (at ? octet : octet & 0x7f | 1))),
		ECDSA_WITH_SHA256,
		subject,
		sequence(time(new Date(now.getTime() - 86400_000)), time(END)),
		subject,
		new Uint8Array(await crypto.subtle.exportKey("spki", publicKey)),
	)
	const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, toBeSigned)
	return sequence(toBeSigned, ECDSA_WITH_SHA256, bitString(signatureValue(new Uint8Array(signature))))
}

/** WebCrypto gives two numbers of 32 octets; certificates hold a sequence of two integers (RFC 3279 §2.2.3). */
function signatureValue(octets) {
	return sequence(unsigned(octets.subarray(0, 32)), unsigned(octets.subarray(32)))
}

/** Write DER as PEM (RFC 7468). */
export function toPem(der, label = "CERTIFICATE") {
	const text = btoa(Array.from(der, (octet) => String.fromCharCode(octet)).join(""))
	return `-----BEGIN ${label}-----\n${text.replace(/.{64}/g, "$&\n").trimEnd()}\n-----END ${label}-----\n`
}

