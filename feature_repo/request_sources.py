"""What a request brings: the clock, and a candidate task."""

from declare import request_source

from oo_transforms.candidates import CANDIDATE, CLOCK

clock = request_source("clock", CLOCK, "The moment of the request and the user's local clock")
candidate = request_source("candidate", CANDIDATE, "A task that might be suggested")
