"""`python -m tests.embedded.privilege`: how each permission of the template is proved."""

from __future__ import annotations

from collections import Counter

from tests.embedded.privilege.grants import SIZES
from tests.embedded.privilege.proofs import proofs, way
from tests.embedded.privilege.ways import Behaviour

counted: Counter[str] = Counter()
for size in SIZES:
    for grant, proof in proofs(size).items():
        why = proof.run.__doc__ if isinstance(proof, Behaviour) else proof.reason
        counted[way(proof)] += 1
        print(f"{size:8} {way(proof):10} {grant.role} {grant.action} {grant.on}: {why}")  # noqa: T201 - its answer
print(f"{counted.total()} permissions: {', '.join(f'{n} by {w}' for w, n in counted.items())}")  # noqa: T201
