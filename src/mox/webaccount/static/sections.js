// The sections of the page, in the order of the navigation. A new one is a line here and a file in `pages/`, which
// is read when it is first shown. `short` is its word in the bar of a phone, which has room for five.
export const SECTIONS = [
	{ at: "overview", label: "Overview", short: "Overview", icon: "home", load: async () => (await import("./pages/overview.js")).Overview },
	{ at: "identity", label: "Name and addresses", icon: "user", load: async () => (await import("./pages/identity.js")).Identity },
	{ at: "devices", label: "Sign-in and devices", short: "Devices", icon: "key", load: async () => (await import("./pages/devices.js")).Devices },
	{ at: "sign-ins", label: "Sign-ins", short: "Sign-ins", icon: "clock", load: async () => (await import("./pages/attempts.js")).Attempts },
	{ at: "filtering", label: "Filtering", short: "Filtering", icon: "filter", load: async () => (await import("./pages/filtering.js")).Filtering },
	{ at: "sending", label: "Sending", short: "Sending", icon: "send", load: async () => (await import("./pages/sending.js")).Sending },
	{ at: "import", label: "Import and export", icon: "upload", load: async () => (await import("./pages/moving.js")).Moving },
	{ at: "developers", label: "Developers", icon: "code", load: async () => (await import("./pages/developers.js")).Developers },
]

// Pages behind a section, whose address goes on with what they are about.
export const DETAILS = [
	{ at: "address", of: "identity", label: "Address", load: async () => (await import("./pages/address.js")).Address },
]
