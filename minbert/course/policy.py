"""What a written page may do: show itself, and nothing else."""

POLICY = (
    "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)
"""A content-security policy: no script runs and nothing is fetched, whatever raw HTML a notebook
or a cell's output holds. Source: W3C, Content Security Policy Level 3."""

META = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
"""The same as the first element of a page's head."""
