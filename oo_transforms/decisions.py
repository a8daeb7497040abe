"""What is logged of a decision: what was chosen, by which chances, and what each policy thought.

The record goes with `signals.tip.shown`, a shorter echo of it with `signals.tip.feedback`. What
is not logged exactly cannot be evaluated later, so both are checked like every other field.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct

from oo_transforms.policies import POLICIES

Coin = Literal["live", "new"]
"""Whom the coin of a canary let act."""

Stage = Literal["shadow", "canary", "full"]
"""How far a new policy has come: it watches, it acts for some people, it acts for all."""

Degradation = Literal["prior", "default_profile", "candidate_features_only"]
"""What a decision had to do without: learned state, so that the prior ranked; a profile, so that
its features have their values without evidence; the online store, and so both."""

STAGES: tuple[str, ...] = get_args(Stage)
MAX_CANDIDATES = 10_000
MAX_POLICIES = 8
MAX_FEATURES = 10_000

Name = Annotated[str, Meta(min_length=1, max_length=64)]
# Beyond every real value, so that sums of any number of squares stay finite.
FeatureValue = Annotated[float, Meta(ge=-1e12, le=1e12)]
Probability = Annotated[float, Meta(ge=0, le=1)]
Propensity = Annotated[float, Meta(gt=0, le=1)]
Reward = Annotated[float, Meta(ge=-1e6, le=1e6)]
UnixSeconds = Annotated[float, Meta(ge=0, le=1e11)]
Micros = Annotated[int, Meta(ge=0, le=10**17)]
Features = dict[Name, FeatureValue]
"""Features by name, as served, unscaled; yes is 1 and no is 0."""


# Looked at for every decision that is decoded.
_FEATURES = {service: frozenset(policy.features) for service, policy in POLICIES.items()}


class Judgement(Struct, frozen=True, kw_only=True):
    """What one policy, acting or not, thought of a decision.

    Attributes:
        probability: By which it would have chosen what was chosen.
        expected_reward: Mean of its predictions over all candidates, by its own probabilities.
        prediction: The reward that it predicts for what was chosen.
    """

    probability: Probability
    expected_reward: Reward
    prediction: Reward


class Decision(Struct, frozen=True, kw_only=True):
    """What a policy saw and chose.

    Attributes:
        service: The feature service that the features come from; it names them all.
        live: The policy that acted before any new one; one of `policies`.
        stage: The stage of the rollout.
        state_version: Event time of the newest signal in the learned state, microseconds; None
            if there was no state and the prior acted.
        now: The `now` of the request for features.
        candidates: How many there were to choose from.
        propensity: Probability of what was chosen, of the mixture that really acted.
        features: Features of what was chosen.
        policies: What each policy thought, by its service.
        coin: Whom a fair coin let act; None if none was thrown: the person is in no canary.
        expired_features: How many of all features that were read were past their TTL.
        milliseconds: How long the answer took, from the request to just before it is logged.
        degraded: What it had to do without; features that were served without the online store
            are not those that history knew.
    """

    service: Name
    live: Name
    stage: Stage
    now: UnixSeconds
    candidates: Annotated[int, Meta(ge=1, le=MAX_CANDIDATES)]
    propensity: Propensity
    features: Features
    policies: Annotated[dict[Name, Judgement], Meta(min_length=1, max_length=MAX_POLICIES)]
    state_version: Micros | None = None
    coin: Coin | None = None
    expired_features: Annotated[int, Meta(ge=0, le=MAX_FEATURES)] | None = None
    milliseconds: Annotated[float, Meta(ge=0, le=1e7)] | None = None
    degraded: tuple[Degradation, ...] = ()

    def __post_init__(self) -> None:
        """Refuse features that are not the service's, and a policy that nobody knows.

        Raises:
            ValueError: With what was given and what is allowed.
        """
        check_features(self.service, self.features)
        if unknown := sorted(self.policies.keys() - POLICIES.keys()):
            raise ValueError(f"policies {unknown} are none of {sorted(POLICIES)}")
        if self.live not in self.policies:
            raise ValueError(
                f"live is {self.live!r}, which is none of its policies {sorted(self.policies)}"
            )
        if self.coin is not None and self.stage != "canary":
            raise ValueError(
                f"coin is {self.coin!r} in stage {self.stage!r}; only a canary has one"
            )


class Echo(Struct, frozen=True, kw_only=True):
    """What an answer to a tip repeats of the decision, so that it can be learned from alone.

    Attributes:
        service: As in the decision.
        features: As in the decision.
        shown_at: When the tip was shown: the `occurred_at` of its `tip.shown`.
    """

    service: Name
    features: Features
    shown_at: UnixSeconds

    def __post_init__(self) -> None:
        """Refuse features that are not the service's.

        Raises:
            ValueError: With what was given and what is allowed.
        """
        check_features(self.service, self.features)


def check_features(service: str, features: Features) -> None:
    """Refuse features that are not exactly those of a service.

    Raises:
        ValueError: The service is unknown, or names are missing or not its own.
    """
    policy = POLICIES.get(service)
    if policy is None:
        raise ValueError(f"service is {service!r}, which is none of {sorted(POLICIES)}")
    if features.keys() == _FEATURES[service]:
        return
    missing = sorted(set(policy.features) - features.keys())
    unknown = sorted(features.keys() - set(policy.features))
    raise ValueError(
        f"features of {service!r} lack {missing} and have unknown {unknown}; give each of "
        f"{list(policy.features)} once"
    )


def echo_of(decision: Decision, shown_at: float) -> Echo:
    """Shorten a decision to what an answer repeats.

    Args:
        decision: As logged.
        shown_at: When the tip was shown, Unix seconds.
    """
    return Echo(
        service=decision.service,
        features=dict(decision.features),
        shown_at=shown_at,
    )
