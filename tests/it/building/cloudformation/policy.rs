//! The permissions of the policy for CloudFormation.
