// How ages, sizes and numbers are written.
const UNITS = [["min", 60], ["h", 3600], ["d", 86400]]
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" })
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" })

/** Write an age: relative under a week, then the date. */
export function age(iso, now = Date.now()) {
	const seconds = Math.max(0, (now - new Date(iso)) / 1000)
	if (seconds < 60) return "just now"
	if (seconds >= 7 * 86400) return DAY.format(new Date(iso))
	const [unit, size] = UNITS.findLast(([, each]) => seconds >= each)
	return `${Math.floor(seconds / size)} ${unit} ago`
}

/** Write a moment in full, here and in UTC. */
export const moment = (iso) => `${FULL.format(new Date(iso))} (${iso.slice(0, 16).replace("T", " ")} UTC)`

/** Write a size, decimal: the value, and its unit. */
export function size(octets) {
	const units = ["B", "kB", "MB", "GB", "TB"]
	let at = 0
	let value = octets
	while (value >= 1000 && at < units.length - 1) [value, at] = [value / 1000, at + 1]
	return [at && value < 100 ? value.toFixed(1) : String(Math.round(value)), units[at]]
}

/** Write a number with thin spaces. */
export const count = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, "\u2009")

export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`

const PROGRAMS = [[/Edg\//, "Edge"], [/Firefox\//, "Firefox"], [/Chrom(e|ium)\//, "Chrome"], [/Safari\//, "Safari"], [/curl\//, "curl"]]
const SYSTEMS = [[/Android/, "Android"], [/iPhone|iPad/, "iOS"], [/Windows/, "Windows"], [/Mac OS/, "macOS"], [/Linux/, "Linux"]]

/** Write what a browser says of itself in few words. */
export function browserName(agent) {
	const find = (table) => table.find(([pattern]) => pattern.test(agent))?.[1]
	const program = find(PROGRAMS)
	if (!program) return agent.slice(0, 40) || "Unknown program"
	const system = find(SYSTEMS)
	return system ? `${program} on ${system}` : program
}
