"""The same contract as a competent team would first write it: DRF, serializers, the ORM."""
