"""A terminal that answers challenges (RFC 6287), by a library that nobody here wrote.

    ocra.py SUITE BASE32-SECRET CHALLENGE    prints the passcode as JSON
"""

import base64
import json
import sys

from oath import OCRAChallengeResponseClient

suite, secret, challenge = sys.argv[1:]
key = base64.b32decode(secret + "=" * (-len(secret) % 8))
print(json.dumps(OCRAChallengeResponseClient(key, suite).compute_response(challenge)))
