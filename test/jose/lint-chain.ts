// A certificate chain for tests, made with openssl: a key of P-256, its certificate, and that of who issued it.

/** Valid from Nov 24 18:40:39 2026 GMT to Nov 21 18:40:39 2036 GMT. */
export const chain = [
  'MIIBFjCBvQIULHL3Fw1mBtXX2xjkSdRHjsAAB/4wCgYIKoZIzj0EAwIwDTELMAkGA1UEAwwCY2EwHhcNMjYxMTI0MTg0MDM5WhcNMzYxMTIxMTg0MDM5WjAPMQ0wCwYDVQQDDARsZWFmMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbIqKRdaFFEFWguMKXa2ntNkwomCEmB8q5dHN+9h3XcuZdO4CYOTMn6Y6mTWKpLRbmrSdMu7wUW89nHlDZm5NcTAKBggqhkjOPQQDAgNIADBFAiA/bdx1oTnxCnSFxGdt8ASEiNFhy/rYXtD29lrOcrkaQgIhAMNqMayx0w8LJAHsflz1d2EYv8CUGVZEiwbJJeIm/jM9',
  'MIIBcDCCARWgAwIBAgIUcMSttYBT4lPV7TyafoH5YBtSDeswCgYIKoZIzj0EAwIwDTELMAkGA1UEAwwCY2EwHhcNMjYxMTI0MTg0MDM5WhcNMzYxMTIxMTg0MDM5WjANMQswCQYDVQQDDAJjYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABIDx0gRVewNMgJIMt5RDUeyM1UpXEO6SvTXtuoyzMqThNBtuAoGkOC+pU66fjnmtqRyBiz/eg547gbxIoDgaPSWjUzBRMB0GA1UdDgQWBBR/FL21Ov6tZFjeEN7gKhJE3yuCuzAfBgNVHSMEGDAWgBR/FL21Ov6tZFjeEN7gKhJE3yuCuzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQDsMg46x7gzcPw1V1g06mDO/nlx4LxkQE37KS/Y1fqDzQIhAJtfMC9nbx7y+UpCVi4m2F73gDHlgNChVRaczPksU9bT',
];

export const chainKey = {
  kty: 'EC',
  x: 'bIqKRdaFFEFWguMKXa2ntNkwomCEmB8q5dHN-9h3Xcs',
  y: 'mXTuAmDkzJ-mOpk1iqS0W5q0nTLu8FFvPZx5Q2ZuTXE',
  crv: 'P-256',
  kid: 'with-chain',
  alg: 'ES256',
  use: 'sig',
};

/** Of the first certificate (RFC 7517 sections 4.8 and 4.9). */
export const chainDigests = {
  x5t: 'hcLlNzrHj0ZHeQsiwZNERF0m7-w',
  'x5t#S256': 'DH72eqYlSMifz04wuIrSdkDMom7HOirJcRmEVny0HT0',
};
