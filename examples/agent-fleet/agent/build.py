"""What is done once, while the image is built: the words that the agents know are put in order."""

import json
from pathlib import Path

HERE = Path(__file__).parent
WORDS = {"neev": "A foundation.", "fork": "A sandbox that begins as another is.", "pool": "Sandboxes alike."}

# sorted, and without a time or a name of the machine in it: so it is the same each time
(HERE / "words.json").write_text(json.dumps(WORDS, sort_keys=True), encoding="utf-8")
