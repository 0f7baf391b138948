"""Tests, mirrored after the packages they test."""
