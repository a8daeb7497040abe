"""The commands of `oo`, one file each, imported when used."""
