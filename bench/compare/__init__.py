"""The comparison with other libraries: one kind of work per file in works/, one peer per file in
peers/. `scripts/compare` runs it; README.md tells how to add a row or a peer.
"""
