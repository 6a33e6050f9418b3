"""Whole programs, as users run them: cases, examples, templates, pages, pipelines, and the rehearsal of acceptance."""
