"""The only readers of exchanges/ and of sheets: YAML in, engine objects out."""
