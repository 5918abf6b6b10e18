"""Who a message is from: reverse name, SPF, DKIM, ARC and DMARC together, within a time limit.

    verifier = Verifier(resolver=resolver, clock=clock)
    found = await verifier.verify(Peer(remote_ip, ehlo), mail_from, content, header)
    found.dmarc, found.verified_domains, found.is_author_validated

It decides nothing about the message. Nothing is raised: trouble, and what was not done in time, is a result.
"""

from mox.verification.verification import Peer, Verification
from mox.verification.verifier import Verifier, Verifying

__all__ = ["Peer", "Verification", "Verifier", "Verifying"]
