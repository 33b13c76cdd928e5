"""What can go wrong in a deployment, by what the operator can do about it.

InfraError
  EnvironmentFault    the file of an environment is wrong: correct it
  TemplateFault       a template cannot be deployed as it is
  StackFailed         CloudFormation gave up; the message names the first failing resource and its reason
  ImageFault          an image cannot be built or pushed
  ExportFailed        the stack is there, and its export did not succeed
"""


class InfraError(Exception):
    """Base of all; the message is for the operator."""


class EnvironmentFault(InfraError):
    """The file of an environment cannot be used."""


class TemplateFault(InfraError):
    """A template cannot be deployed as it is."""


class StackFailed(InfraError):
    """An operation on a stack failed."""


class ImageFault(InfraError):
    """An image cannot be built or pushed."""


class ExportFailed(InfraError):
    """An export did not succeed."""
