"""What other programs may rely on, as JSON Schema and TypeScript: `oo contract`."""
