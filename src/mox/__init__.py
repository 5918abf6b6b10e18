"""mox: a complete, modern, secure mail server. The server; mail standards live in `moxkit`."""

__version__ = "0.1.0"
