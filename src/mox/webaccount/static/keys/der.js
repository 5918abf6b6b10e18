// Distinguished Encoding Rules (X.690 §10): as much as a certificate and a key file need. Octets are Uint8Array.

export function join(...parts) {
	const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
	let at = 0
	for (const part of parts) {
		all.set(part, at)
		at += part.length
	}
	return all
}

function length(size) {
	if (size < 0x80) return [size]
	const octets = []
	for (let left = size; left > 0; left = Math.floor(left / 256)) octets.unshift(left & 0xff)
	return [0x80 | octets.length, ...octets]
}

/** Make an element of a tag and its content. */
export function element(tag, ...parts) {
	const content = join(...parts)
	return join(Uint8Array.of(tag, ...length(content.length)), content)
}

export const sequence = (...parts) => element(0x30, ...parts)
export const set = (...parts) => element(0x31, ...parts)
export const octetString = (octets) => element(0x04, octets)
export const bitString = (octets) => element(0x03, Uint8Array.of(0), octets)
export const utf8String = (text) => element(0x0c, new TextEncoder().encode(text))
export const bmpString = (text) => element(0x1e, utf16(text))
export const nothing = () => Uint8Array.of(0x05, 0x00)
/** An explicit tag of the context. */
export const tagged = (number, ...parts) => element(0xa0 | number, ...parts)

/** An integer that is not negative, from its octets: shortest, with room for the sign. */
export function unsigned(octets) {
	let at = 0
	while (at < octets.length - 1 && octets[at] === 0) at += 1
	const rest = octets.subarray(at)
	return element(0x02, rest[0] & 0x80 ? Uint8Array.of(0) : Uint8Array.of(), rest)
}

export function integer(number) {
	const octets = []
	for (let left = number; left > 0 || !octets.length; left = Math.floor(left / 256)) octets.unshift(left & 0xff)
	return unsigned(Uint8Array.from(octets))
}

export function identifier(text) {
	const [first, second, ...rest] = text.split(".").map(Number)
	const octets = [first * 40 + second]
	for (const arc of rest) {
		const digits = [arc & 0x7f]
		for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) digits.unshift(0x80 | (left & 0x7f))
		octets.push(...digits)
	}
	return element(0x06, Uint8Array.from(octets))
}

/** A moment, as certificates want it (RFC 5280 §4.1.2.5): two digits of the year until 2049, four from then on. */
export function time(date) {
	const digits = date.toISOString().replace(/[-:T]|\.\d+/g, "")
	const isShort = date.getUTCFullYear() < 2050
	return element(isShort ? 0x17 : 0x18, new TextEncoder().encode(isShort ? digits.slice(2) : digits))
}

export function utf16(text) {
	const octets = new Uint8Array(text.length * 2)
	for (let at = 0; at < text.length; at += 1) new DataView(octets.buffer).setUint16(at * 2, text.charCodeAt(at))
	return octets
}
