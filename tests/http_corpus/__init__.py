"""HTTP that is not what it seems, as data: what is sent, and what must come of it. tests/e2e/test_corpus.py runs it."""
