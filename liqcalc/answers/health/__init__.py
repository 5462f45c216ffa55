"""How healthy an account is, and how near its end."""
