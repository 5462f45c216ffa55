"""Answers as text for people: tables, derivations; no arithmetic."""
