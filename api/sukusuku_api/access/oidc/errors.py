"""Why a provider does not vouch for somebody."""


class ProviderAwayError(Exception):
    """The provider does not answer, or not as an OpenID provider does."""


class ProviderRefusedError(Exception):
    """What came back from the browser is nothing that the provider stands for."""
