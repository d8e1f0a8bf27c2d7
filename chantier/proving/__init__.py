"""Proving: on a deployed site, what is promised is tried, and taken away again.

    promises   what is promised, and what was seen of it
    probe      a machine of its own for the time of a run, and what it says
    hops       a message on its way: each place where it must arrive
    timing     how long that takes, and by whose clock
    refusals   who must not get in, and what a machine must not do
    keeping    how the bucket, the table and the queue keep data
    cleaning   everything a run made is taken away
    proof      a whole run

The probe is known to the detect function alone, as `chantier.telemetry.probe_name`. Its alerts
lie under a site of their own, no person is told of them, and no report counts it. What stays
are its lines in raw objects, which it shares with the site's machines.
"""
