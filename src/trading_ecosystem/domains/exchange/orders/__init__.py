"""The venue's door for orders: form, checks, holds, entry, replacement, lists, and what is said about each."""
