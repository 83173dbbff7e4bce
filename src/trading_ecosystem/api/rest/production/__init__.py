"""The production face: what a venue's, a custodian's and a risk desk's own interfaces would offer, and nothing else."""
