// Random text for passwords.
const CHARACTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"

/** Return so many characters, each as likely as the others: what would favour some is drawn again. */
export function randomText(length, characters = CHARACTERS) {
	const limit = 256 - (256 % characters.length)
	let text = ""
	while (text.length < length) {
		const [octet] = crypto.getRandomValues(new Uint8Array(1))
		if (octet < limit) text += characters[octet % characters.length]
	}
	return text
}
