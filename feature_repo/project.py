"""The Feast project."""

from feast import Project

oo = Project(name="oo", description="Tips that fit the moment: what oO knows about its users")
