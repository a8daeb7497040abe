"""Feast plugins: where feature values live.

`oo_stores.sqlite` is an offline store, `oo_stores.redis` an online store, `oo_stores.registry` a
store of the registry file, `oo_stores.errors` what they raise, and `oo_stores.settings` how a
setting in `feature_store.yaml` is overridden from the environment.
Nothing is imported here: Feast takes seconds to import, and most of this needs no Feast.
"""
