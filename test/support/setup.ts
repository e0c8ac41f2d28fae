/** Before every test file: property tests draw lists as long as they say. */
import fc from 'fast-check';

// Otherwise `maxLength: 40` means at most 10 elements, whatever was written.
fc.configureGlobal({ ...fc.readConfigureGlobal(), defaultSizeToMaxWhenMaxSpecified: true });
