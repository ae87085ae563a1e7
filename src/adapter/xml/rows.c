#include "adapter/xml/rows.h"

#include <stdlib.h>
#include <string.h>

#define R(field, item, form, path) {field, item, form, 0, path}
#define ID "/nc:IdentificationID"

/* Form I is another element for the same, which is only read; r is only read because an element would want of each subfield what it need not have. */

/* 902, 995 to 997 stand before a record's own elements */
#define EXTENDED                                                                                                       \
    R(902, 0, 'g', "ProcessAnnotation*/ProcessUTCDate/nc:DateTime"), R(902, 1, '0', "ProcessAnnotation*/ProcessName"), R(902, 2, '0', "ProcessAnnotation*/ProcessOwnerText"),           \
        R(902, 3, '0', "ProcessAnnotation*/ProcessDescriptionText"), R(995, 0, '0', "AssociatedContext*/ContextIdentification" ID),                                                     \
        R(995, 1, '0', "AssociatedContext*/ImageSegmentIdentification" ID), R(996, 0, '0', "ImageHashValue"), R(997, 0, '0', "SourceRepresentation*/SourceIdentification" ID),          \
        R(997, 1, '0', "SourceRepresentation*/ImageSegmentIdentification" ID)
#define START R(2, 0, '0', "ImageReferenceIdentification" ID)

/* What every image element begins with; device and make have other numbers in Type-17. */
#define DATA_OF(image) R(999, 0, 'b', image "nc:BinaryBase64Object"), R(994, 0, '0', image "SourceExternalFileReferenceText")
#define DEPTH(image) R(12, 0, '0', image "ImageBitsPerPixelQuantity")
#define CAPTURE(image, device, make, shps, svps)                                                                       \
    R(998, 13, '0', image "ImageCaptureDetail/CaptureLocation/LocationAlternateGeographicSystemValue/GeographicLocationSystemName"),                                                     \
        R(998, 14, '0', image "ImageCaptureDetail/CaptureLocation/LocationAlternateGeographicSystemValue/GeographicLocationText"),                                                      \
        R(998, 0, 'g', image "ImageCaptureDetail/CaptureUTCDateTime/nc:DateTime"), R(5, 0, 'd', image "ImageCaptureDetail/CaptureDate/nc:Date"), R(5, 0, 'D', image "ImageCaptureDetail/CaptureDate/nc:DateTime"), R(device, 0, '0', image "ImageCaptureDetail/CaptureDeviceIdentification" ID),                                     \
        R(make, 0, '0', image "ImageCaptureDetail/CaptureDeviceMakeText"), R(make, 1, '0', image "ImageCaptureDetail/CaptureDeviceModelText"),                                          \
        R(make, 2, '0', image "ImageCaptureDetail/CaptureDeviceSerialNumberText"), R(shps, 0, '0', image "ImageCaptureDetail/CaptureHorizontalPixelDensityValue"),                      \
        R(4, 0, '0', image "ImageCaptureDetail/CaptureOrganization/nc:OrganizationIdentification" ID),                                                                                  \
        R(993, 0, '0', image "ImageCaptureDetail/CaptureOrganization/nc:OrganizationName"), R(svps, 0, '0', image "ImageCaptureDetail/CaptureVerticalPixelDensityValue"),               \
        R(30, 0, '0', image "ImageCaptureDetail/CaptureDeviceMonitoringModeCode")
#define SIZES_OF(image, comment)                                                                                       \
    R(comment, 0, '0', image "ImageCommentText"), R(11, 0, '0', image "ImageCompressionAlgorithmText"), R(6, 0, '0', image "ImageHorizontalLineLengthPixelQuantity"),                   \
        R(9, 0, '0', image "ImageHorizontalPixelDensityValue")
#define SCALE(image) R(8, 0, '0', image "ImageScaleUnitsCode")
#define VERTICAL(image) R(7, 0, '0', image "ImageVerticalLineLengthPixelQuantity"), R(10, 0, '0', image "ImageVerticalPixelDensityValue")
#define QUALITY(field, at, base)                                                                                       \
    R(field, (base) + 2, '0', at "QualityAlgorithmProductIdentification" ID), R(field, base, '0', at "QualityValue"), R(field, (base) + 1, '0', at "QualityAlgorithmVendorIdentification" ID)
/* position, value, vendor, product of a friction ridge image */
#define RIDGE_QUALITY(field, at, position)                                                                             \
    R(field, 0, '0', at position), R(field, 3, '0', at "QualityAlgorithmProductIdentification" ID), R(field, 2, '0', at "QualityAlgorithmVendorIdentification" ID),                     \
        R(field, 1, '0', at "QualityValue")
#define VERTICES(field, nop, at)                                                                                       \
    R(field, nop, '0', at "PositionPolygonVertexQuantity"), R(field, (nop) + 1, '0', at "PositionPolygonVertex+/PositionHorizontalCoordinateValue"),                                    \
        R(field, (nop) + 2, '0', at "PositionPolygonVertex+/PositionVerticalCoordinateValue")
#define SQUARE(field, base, at)                                                                                        \
    R(field, (base) + 3, '0', at "SegmentBottomVerticalCoordinateValue"), R(field, base, '0', at "SegmentLeftHorizontalCoordinateValue"),                                               \
        R(field, (base) + 1, '0', at "SegmentRightHorizontalCoordinateValue"), R(field, (base) + 2, '0', at "SegmentTopVerticalCoordinateValue")
/* whether the body was alive (xx.046); how ridges were captured (xx.901); a scale in the picture (13.018, 10.051), and what it was used for (13.019) */
#define EXISTENCE(at)                                                                                                  \
    R(46, 0, '0', at "SubjectExistentialDetails/SubjectExistentialStatusCode"), R(46, 1, '0', at "SubjectExistentialDetails/SubjectBodyStatusCode"),                                    \
        R(46, 2, '0', at "SubjectExistentialDetails/SubjectBodyClassCode")
#define TECHNOLOGY(image) R(901, 0, '0', image "FrictionRidgeCaptureTechnology")
#define RULER(field, image)                                                                                            \
    R(field, 0, '0', image "RulerScalePresenceInformation/RulerScaleUnitCode"), R(field, 1, '0', image "RulerScalePresenceInformation/RulerScaleMakeText"),                             \
        R(field, 2, '0', image "RulerScalePresenceInformation/RulerScaleModelText")
#define METHOD "ResolutionMethodInformation/"
#define SCALE_IN_VIEW(image)                                                                                           \
    RULER(18, image), R(19, 0, '0', image METHOD "ResolutionMeansCode"), R(19, 1, '0', image METHOD "ResolutionScaleLength"), R(19, 2, '0', image METHOD "ResolutionScaleUnitCode"),      \
        R(19, 3, '0', image METHOD "ResolutionScaleXCoordinateA"), R(19, 4, '0', image METHOD "ResolutionScaleYCoordinateA"), R(19, 5, '0', image METHOD "ResolutionScaleXCoordinateB"), \
        R(19, 6, '0', image METHOD "ResolutionScaleYCoordinateB"), R(19, 7, '0', image METHOD "ResolutionCommentText")
#define MAJOR_CASE(image)                                                                                              \
    R(14, 0, '0', image "FingerprintImageMajorCasePrint/FingerPositionCode*"), R(14, 1, '0', image "FingerprintImageMajorCasePrint/MajorCasePrintCode*"),                               \
        R(15, 5, '0', image "FingerprintImageMajorCasePrint/MajorCasePrintSegmentOffset*/SegmentBottomVerticalCoordinateValue"),                                                        \
        R(15, 1, '0', image "FingerprintImageMajorCasePrint/MajorCasePrintSegmentOffset*/SegmentLocationCode"),                                                                         \
        R(15, 0, '0', image "FingerprintImageMajorCasePrint/MajorCasePrintSegmentOffset*/SegmentFingerViewCode"),                                                                       \
        R(15, 2, '0', image "FingerprintImageMajorCasePrint/MajorCasePrintSegmentOffset*/SegmentLeftHorizontalCoordinateValue"),                                                        \
        R(15, 3, '0', image "FingerprintImageMajorCasePrint/MajorCasePrintSegmentOffset*/SegmentRightHorizontalCoordinateValue"),                                                       \
        R(15, 4, '0', image "FingerprintImageMajorCasePrint/MajorCasePrintSegmentOffset*/SegmentTopVerticalCoordinateValue")

/* ---- Types 1 and 2 ---- */

/* Forms: c the agency behind "ABC/", i its name, C its country, of INTERPOL's element; B and N identifier and name of the
 * plain one; t a TOT of INTERPOL, T another; M and m the halves of VER; S the summary made of CNT. */
static const ent_xml_row rows_1[] = {
    R(5, 0, 'd', "Transaction/TransactionDate/nc:Date"),
    R(5, 0, 'D', "Transaction/TransactionDate/nc:DateTime"),
    R(7, 0, 'c', "Transaction/int-i:TransactionDestinationOrganization/nc:OrganizationIdentification" ID),
    R(17, 0, 'i', "Transaction/int-i:TransactionDestinationOrganization/nc:OrganizationName"),
    R(7, 0, 'C', "Transaction/int-i:TransactionDestinationOrganization/int-i:LocationCountryISO3166Alpha3Code"),
    R(7, 0, 'B', "Transaction/TransactionDestinationOrganization/nc:OrganizationIdentification" ID),
    R(17, 0, 'N', "Transaction/TransactionDestinationOrganization/nc:OrganizationName"),
    R(8, 0, 'c', "Transaction/int-i:TransactionOriginatingOrganization/nc:OrganizationIdentification" ID),
    R(17, 1, 'i', "Transaction/int-i:TransactionOriginatingOrganization/nc:OrganizationName"),
    R(8, 0, 'C', "Transaction/int-i:TransactionOriginatingOrganization/int-i:LocationCountryISO3166Alpha3Code"),
    R(8, 0, 'B', "Transaction/TransactionOriginatingOrganization/nc:OrganizationIdentification" ID),
    R(17, 1, 'N', "Transaction/TransactionOriginatingOrganization/nc:OrganizationName"),
    R(14, 0, 'g', "Transaction/TransactionUTCDate/nc:DateTime"),
    R(9, 0, '0', "Transaction/TransactionControlIdentification" ID),
    R(10, 0, '0', "Transaction/TransactionControlReferenceIdentification" ID),
    R(13, 1, '0', "Transaction/TransactionDomain/DomainVersionNumberIdentification" ID),
    R(13, 0, '0', "Transaction/TransactionDomain/TransactionDomainName"),
    R(16, 0, '0', "Transaction/TransactionApplicationProfile*/ApplicationProfileOrganizationName"),
    R(16, 1, '0', "Transaction/TransactionApplicationProfile*/ApplicationProfileName"),
    R(16, 2, '0', "Transaction/TransactionApplicationProfile*/ApplicationProfileVersionIdentification" ID),
    R(11, 0, '0', "Transaction/TransactionImageResolutionDetails/NativeScanningResolutionValue"),
    R(12, 0, '0', "Transaction/TransactionImageResolutionDetails/NominalTransmittingResolutionValue"),
    R(2, 0, 'M', "Transaction/TransactionMajorVersionValue"),
    R(2, 0, 'm', "Transaction/TransactionMinorVersionValue"),
    R(6, 0, '0', "Transaction/TransactionPriorityValue"),
    R(4, 0, 't', "Transaction/int-i:TransactionCategoryCode"),
    R(4, 0, 'T', "Transaction/TransactionCategoryCode"),
    R(3, 0, 'S', "Transaction/TransactionContentSummary"),
    R(15, 1, '0', "Transaction/TransactionCharacterSetDirectory/CharacterSetCommonNameCode"),
    R(15, 0, '0', "Transaction/TransactionCharacterSetDirectory/CharacterSetIndexCode"),
    R(15, 2, '0', "Transaction/TransactionCharacterSetDirectory/CharacterSetVersionIdentification" ID),
    R(18, 0, '0', "Transaction/TransactionGeographicNameSetCode"),
};

/* INTERPOL's Type-2, where the transaction is of its domain. "ABC/" before a number is its country. Names have seven items
 * (prefix, given, middle, surname, suffix, maiden, extended), places eight (the whole text, or street number, street, city,
 * county, state, country, postcode). Forms 1 and 2 are the ends of a range "YYYYMMDD*YYYYMMDD"; D, a time of which the day
 * is taken, is only read. */
#define DOMAIN "itl:UserDefinedDescriptiveDetail/int-i:DomainDefinedDescriptiveDetail/"
#define ACTIVITY DOMAIN "int-i:RecordActivity/"
#define SUBJECT DOMAIN "int-i:RecordSubject/"
#define OFFENCE DOMAIN "int-i:RecordOffence/"
#define METADATA DOMAIN "int-i:RecordMetadata/"
#define MISC METADATA "int-i:MiscellaneousIdentification/"
#define CIVIL DOMAIN "int-i:RecordCivil/"
#define RESPONSE DOMAIN "int-i:TransactionResponseData/"
#define DAY(field, at) R(field, 0, 'd', at "/nc:Date"), R(field, 0, 'D', at "/nc:DateTime")
#define NAME(field, at)                                                                                                \
    R(field, 0, '0', at "nc:PersonNamePrefixText"), R(field, 1, '0', at "nc:PersonGivenName"), R(field, 2, '0', at "nc:PersonMiddleName"), R(field, 3, '0', at "nc:PersonSurName"),       \
        R(field, 4, '0', at "nc:PersonNameSuffixText"), R(field, 5, '0', at "nc:PersonMaidenName"), R(field, 6, '0', at "int-i:PersonExtendedName")
#define STREET "nc:StructuredAddress/"
#define PLACE(field, first, at)                                                                                        \
    R(field, first, '0', at STREET "nc:LocationStreet/nc:StreetNumberText"), R(field, (first) + 1, '0', at STREET "nc:LocationStreet/nc:StreetName"),                                   \
        R(field, (first) + 2, '0', at STREET "nc:LocationCityName"), R(field, (first) + 3, '0', at STREET "nc:LocationCountyName"),                                                     \
        R(field, (first) + 4, '0', at STREET "nc:LocationStateName"), R(field, (first) + 5, '0', at STREET "nc:LocationCountryISO3166Alpha3Code"),                                      \
        R(field, (first) + 6, '0', at STREET "nc:LocationPostalCode")
#define NATIONAL(field, name) R(field, 0, 'C', MISC "int-i:" name "/int-i:LocationCountryISO3166Alpha3Code"), R(field, 0, 'c', MISC "int-i:" name ID)
#define OTHER_ID(field, name) R(field, 0, '0', MISC "int-i:" name "/int-i:MiscIDType"), R(field, 1, '0', MISC "int-i:" name ID)

static const ent_xml_row rows_2[] = {
    START,
    DAY(19, ACTIVITY "RecordCreationDate"),
    R(23, 0, '0', ACTIVITY "int-i:CaptureOrganization/nc:OrganizationIdentification" ID),
    R(23, 1, '0', ACTIVITY "int-i:CaptureOrganization/nc:OrganizationName"),
    R(23, 9, '0', ACTIVITY "int-i:CaptureOrganization/nc:LocationAddress/nc:AddressFullText"),
    PLACE(23, 2, ACTIVITY "int-i:CaptureOrganization/nc:LocationAddress/"),
    DAY(35, SUBJECT "nc:PersonBirthDate"),
    R(37, 0, '0', SUBJECT "nc:PersonBirthLocation/nc:LocationAddress/nc:AddressFullText"),
    PLACE(37, 1, SUBJECT "nc:PersonBirthLocation/nc:LocationAddress/"),
    R(38, 0, '0', SUBJECT "nc:PersonCitizenshipISO3166Alpha3Code*"),
    NAME(30, SUBJECT "int-i:PersonName/"),
    NAME(34, SUBJECT "int-i:PersonAliases/int-i:PersonName*/"),
    R(36, 0, '1', SUBJECT "int-i:PersonBirthDateRange/nc:StartDate/nc:Date"),
    R(36, 0, '2', SUBJECT "int-i:PersonBirthDateRange/nc:EndDate/nc:Date"),
    R(39, 0, '0', SUBJECT "int-i:PersonSexCode"),
    NAME(75, SUBJECT "int-i:PersonFather/"),
    NAME(76, SUBJECT "int-i:PersonMother/"),
    R(21, 0, '0', OFFENCE "int-i:OffenceDescriptionCode"),
    R(54, 0, '0', OFFENCE "int-i:OffenceDescriptionText"),
    R(22, 0, '0', OFFENCE "int-i:ArrestLocation/nc:LocationAddress/nc:AddressFullText"),
    PLACE(22, 1, OFFENCE "int-i:ArrestLocation/nc:LocationAddress/"),
    DAY(55, OFFENCE "int-i:OffenceDateTime"),
    R(56, 0, '1', OFFENCE "int-i:OffenceDateTimeRange/nc:StartDate/nc:Date"),
    R(56, 0, '2', OFFENCE "int-i:OffenceDateTimeRange/nc:EndDate/nc:Date"),
    R(95, 0, '0', CIVIL "int-i:CivilDescriptionCode"),
    R(96, 0, '0', CIVIL "int-i:CivilDescriptionText"),
    R(90, 0, '0', MISC "int-i:InterpolReferenceNumber"),
    NATIONAL(10, "NationalPersonIdentifier"),
    NATIONAL(91, "NationalPersonInquiryIdentifier"),
    NATIONAL(7, "NationalCaseIdentifier"),
    R(8, 0, '0', MISC "int-i:LatentCaseEvidenceIdentifier"),
    R(9, 0, '0', MISC "int-i:LatentIdentifier"),
    R(93, 0, '0', MISC "int-i:LatentUniqueIdentifier"),
    NATIONAL(11, "NationalBusinessReference"),
    OTHER_ID(12, "MiscellaneousIdentificationID1"),
    OTHER_ID(13, "MiscellaneousIdentificationID2"),
    OTHER_ID(14, "MiscellaneousIdentificationID3"),
    OTHER_ID(15, "MiscellaneousIdentificationID4"),
    OTHER_ID(16, "MiscellaneousIdentificationID5"),
    R(63, 0, '0', METADATA "int-i:ContactInformation*/nc:ContactTelephoneNumber/nc:FullTelephoneNumber/nc:TelephoneNumberFullID"),
    R(63, 1, '0', METADATA "int-i:ContactInformation*/nc:OrganizationName"),
    R(63, 2, '0', METADATA "int-i:ContactInformation*/nc:PersonFullName"),
    R(63, 3, '0', METADATA "int-i:ContactInformation*/int-i:AdditionalContactInformationText"),
    DAY(92, METADATA "nc:ExpirationDate"),
    DAY(4, METADATA "int-i:RecordCreationDate"),
    DAY(5, METADATA "int-i:RecordLastUpdateDate"),
    R(74, 0, '0', RESPONSE "int-i:ErrorMessage*/int-i:ErrorCode"),
    R(74, 1, '0', RESPONSE "int-i:ErrorMessage*/int-i:ErrorFieldMnemonicCode"),
    R(74, 2, '0', RESPONSE "int-i:ErrorMessage*/int-i:ErrorMessageText"),
    R(64, 0, '0', RESPONSE "int-i:RespondentsList/int-i:TransactionCandidate/int-i:CandidateSequenceID" ID),
    R(64, 1, '0', RESPONSE "int-i:RespondentsList/int-i:TransactionCandidate/int-i:TransactionCandidateManualVerificationIndicator"),
    R(64, 2, '0', RESPONSE "int-i:RespondentsList/int-i:TransactionCandidatesTotalQuantity"),
    R(64, 3, '0', RESPONSE "int-i:RespondentsList/int-i:TransactionCategoryCode"),
    R(64, 4, '0', RESPONSE "int-i:RespondentsList/int-i:TransactionSearchResultsCode"),
    R(77, 0, '0', RESPONSE "int-i:LatentMatchingPosition/int-i:LatentMatchingPositionSearch"),
    R(77, 1, '0', RESPONSE "int-i:LatentMatchingPosition/int-i:LatentMatchingPositionCandidate"),
    R(94, 0, '0', DOMAIN "int-i:TransactionMetadata/int-i:ResultDeterminationMode"),
};

/* ---- binary records, as fields 3 to 9 ---- */

static const ent_xml_row rows_4[] = {
    START,
    R(9, 0, 'b', "FingerprintImage/nc:BinaryBase64Object"),
    R(5, 0, '0', "FingerprintImage/ImageCaptureDetail/CaptureResolutionCode"),
    R(8, 0, '0', "FingerprintImage/ImageCompressionAlgorithmCode"),
    R(6, 0, '0', "FingerprintImage/ImageHorizontalLineLengthPixelQuantity"),
    R(7, 0, '0', "FingerprintImage/ImageVerticalLineLengthPixelQuantity"),
    R(4, 0, '0', "FingerprintImage/FingerprintImagePosition/FingerPositionCode*"),
    R(3, 0, '0', "FingerprintImage/FingerprintImageImpressionCaptureCategoryCode"),
};

/* What follows the IDC is between sender and receiver, and which image element it would be nobody can know: it is kept as bytes, and read
 * out of any (form x: bytes in base 64 that are only read). */
static const ent_xml_row rows_7[] = {
    START,
    R(3, 0, 'x', "BiometricImage/nc:BinaryBase64Object"),
    R(3, 0, 'x', "TestImage/nc:BinaryBase64Object"),
    R(3, 0, 'x', "FingerImpressionImage/nc:BinaryBase64Object"),
    R(3, 0, 'x', "FingerprintImage/nc:BinaryBase64Object"),
    R(3, 0, 'x', "PalmprintImage/nc:BinaryBase64Object"),
    R(3, 0, 'x', "FaceImage/nc:BinaryBase64Object"),
    R(3, 0, 'x', "IrisImage/nc:BinaryBase64Object"),
    R(3, 0, 'x', "UserDefinedImage/nc:BinaryBase64Object"),
};

static const ent_xml_row rows_8[] = {
    START,
    R(8, 0, 'b', "SignatureImage/nc:BinaryBase64Object"),
    R(5, 0, '0', "SignatureImage/ImageCaptureDetail/CaptureResolutionCode"),
    R(6, 0, '0', "SignatureImage/ImageHorizontalLineLengthPixelQuantity"),
    R(7, 0, '0', "SignatureImage/ImageVerticalLineLengthPixelQuantity"),
    R(4, 0, '0', "SignatureImage/SignatureRepresentationCode"),
    R(3, 0, '0', "SignatureImage/SignatureCategoryCode"),
};

/* ---- Type-9: INCITS 378 and the extended feature set ---- */

#define M1(field, item, form, first, path) {field, item, form, first, "INCITSMinutiae/" path}
#define EFS(field, item, form, first, path) {field, item, form, first, "ExtendedFeatureSetMinutiae/" path}
static const ent_xml_row rows_9[] = {
    START,
    EXTENDED,
    R(3, 0, '0', "MinutiaeImpressionCaptureCategoryCode"),
    R(4, 0, 'f', "MinutiaeFormatNISTStandardIndicator"),
    M1(126, 0, '0', 0, "CBEFFFormatOwnerIdentification/nc:IdentificationID"),
    M1(126, 1, '0', 0, "CBEFFFormatCategoryIdentification/nc:IdentificationID"),
    M1(126, 2, '0', 0, "CBEFFProductIdentification/nc:IdentificationID"),
    M1(127, 1, '0', 0, "ImageCaptureDetail/CaptureDeviceIdentification/nc:IdentificationID"),
    M1(127, 0, '0', 0, "ImageCaptureDetail/CaptureDeviceCertificationCode"),
    M1(128, 0, '0', 0, "FingerImpressionImage/ImageHorizontalLineLengthPixelQuantity"),
    M1(131, 0, '0', 0, "FingerImpressionImage/ImageHorizontalPixelDensityValue"),
    M1(130, 0, '0', 0, "FingerImpressionImage/ImageScaleUnitsCode"),
    M1(129, 0, '0', 0, "FingerImpressionImage/ImageVerticalLineLengthPixelQuantity"),
    M1(132, 0, '0', 0, "FingerImpressionImage/ImageVerticalPixelDensityValue"),
    M1(134, 0, '0', 0, "FingerImpressionImage/FingerPositionCode*"),
    M1(133, 0, '0', 0, "FingerViewNumeric"),
    M1(135, 2, '0', 0, "MinutiaeQuality*/QualityAlgorithmProductIdentification/nc:IdentificationID"),
    M1(135, 0, '0', 0, "MinutiaeQuality*/QualityValue"),
    M1(135, 1, '0', 0, "MinutiaeQuality*/QualityAlgorithmVendorIdentification/nc:IdentificationID"),
    M1(136, 0, '0', 0, "MinutiaeQuantity"),
    M1(137, 0, '0', 0, "INCITSMinutia*/MinutiaIdentification/nc:IdentificationID"),
    M1(137, 1, '0', 0, "INCITSMinutia*/INCITSMinutiaLocation/PositionHorizontalCoordinateValue"),
    M1(137, 2, '0', 0, "INCITSMinutia*/INCITSMinutiaLocation/PositionVerticalCoordinateValue"),
    M1(137, 3, '0', 0, "INCITSMinutia*/INCITSMinutiaLocation/ImageLocationThetaAngleMeasure"),
    M1(137, 4, '0', 0, "INCITSMinutia*/INCITSMinutiaCategoryCode"),
    M1(137, 5, '0', 0, "INCITSMinutia*/MinutiaQualityValue"),
    M1(138, 0, '0', 0, "MinutiaeRidgeCountDetail/INCITSRidgeCountAlgorithmCode"),
    M1(138, 0, '0', 1, "MinutiaeRidgeCountDetail/MinutiaeRidgeCountItem*/MinutiaIdentification/nc:IdentificationID"),
    M1(138, 1, '0', 1, "MinutiaeRidgeCountDetail/MinutiaeRidgeCountItem*/MinutiaReferenceIdentification/nc:IdentificationID"),
    M1(138, 2, '0', 1, "MinutiaeRidgeCountDetail/MinutiaeRidgeCountItem*/RidgeCountValue"),
    M1(139, 0, '0', 0, "FingerprintPatternCoreLocation*/PositionHorizontalCoordinateValue"),
    M1(139, 1, '0', 0, "FingerprintPatternCoreLocation*/PositionVerticalCoordinateValue"),
    M1(139, 2, '0', 0, "FingerprintPatternCoreLocation*/ImageLocationThetaAngleMeasure"),
    M1(140, 0, 'A', 0, "FingerprintPatternDeltaLocation*/PositionHorizontalCoordinateValue"),
    M1(140, 1, 'A', 0, "FingerprintPatternDeltaLocation*/PositionVerticalCoordinateValue"),
    M1(140, 2, 'A', 0, "FingerprintPatternDeltaLocation*/ImageLocationThetaAngleMeasure"),
    M1(141, 0, 'A', 0, "FingerprintPatternDeltaLocation*/ImageLocationThetaAngleMeasure"),
    M1(141, 1, 'A', 0, "FingerprintPatternDeltaLocation*/ImageLocationThetaAngleMeasure"),
    EFS(303, 0, '0', 0, "ExtendedFeatureSetProfileIdentification*/nc:IdentificationID"),
    EFS(300, 0, '0', 0, "FrictionRidgeImageRegionOfInterest/ImageSegmentWidthMeasure"),
    EFS(300, 1, '0', 0, "FrictionRidgeImageRegionOfInterest/ImageSegmentHeightMeasure"),
    EFS(300, 2, '0', 0, "FrictionRidgeImageRegionOfInterest/ImageSegmentHorizontalOffsetMeasure"),
    EFS(300, 3, '0', 0, "FrictionRidgeImageRegionOfInterest/ImageSegmentVerticalOffsetMeasure"),
    EFS(300, 4, 'p', 0, "FrictionRidgeImageRegionOfInterest/ImageSegmentPolygon"),
    EFS(301, 0, '0', 0, "FingerprintImageFingerprintOrientation/OrientationAngleValue"),
    EFS(301, 1, '0', 0, "FingerprintImageFingerprintOrientation/OrientationAngleUncertaintyValue"),
    EFS(302, 0, '0', 0, "MinutiaeFingerLocation*/FingerPositionCode"),
    EFS(302, 1, '0', 0, "MinutiaeFingerLocation*/SegmentLocationCode"),
    EFS(302, 2, '0', 0, "MinutiaeFingerLocation*/FingerprintOffCenterCode"),
    EFS(302, 3, 'p', 0, "MinutiaeFingerLocation*/ImageSegmentPolygon"),
    EFS(307, 0, '0', 0, "FingerprintPatternClassification*/FingerprintPatternGeneralClassCode"),
    EFS(307, 1, '0', 0, "FingerprintPatternClassification*/FingerprintPatternSubClassCode"),
    EFS(307, 2, '0', 0, "FingerprintPatternClassification*/FingerprintPatternWhorlDeltaRelationshipCode"),
    EFS(309, 0, '0', 0, "MinutiaeRidgeQualityMap/MinutiaeRidgeQualityMapCellSizeValue"),
    EFS(309, 1, '0', 0, "MinutiaeRidgeQualityMap/MinutiaeRidgeQualityMapFormatCode"),
    EFS(308, 0, '0', 0, "MinutiaeRidgeQualityMap/MinutiaeRidgeQualityMapRowText*"),
    EFS(311, 0, '0', 0, "MinutiaeRidgeFlowMap/MinutiaeRidgeFlowMapSamplingFrequencyValue"),
    EFS(311, 1, '0', 0, "MinutiaeRidgeFlowMap/MinutiaeRidgeFlowMapFormatCode"),
    EFS(310, 0, '0', 0, "MinutiaeRidgeFlowMap/MinutiaeRidgeFlowMapRowText*"),
    EFS(313, 0, '0', 0, "MinutiaeRidgeWavelengthMap/MinutiaeRidgeWavelengthMapSamplingFrequencyValue"),
    EFS(313, 1, '0', 0, "MinutiaeRidgeWavelengthMap/MinutiaeRidgeWavelengthMapFormatCode"),
    EFS(312, 0, '0', 0, "MinutiaeRidgeWavelengthMap/MinutiaeRidgeWavelengthMapRowText*"),
    EFS(314, 0, '0', 0, "FrictionRidgeImageTonalReversalCode"),
    EFS(315, 0, '0', 0, "FrictionRidgeImageLateralReversalCode"),
    EFS(316, 2, '0', 0, "ImageQuality*/QualityAlgorithmProductIdentification/nc:IdentificationID"),
    EFS(316, 0, '0', 0, "ImageQuality*/QualityValue"),
    EFS(316, 1, '0', 0, "ImageQuality*/QualityAlgorithmVendorIdentification/nc:IdentificationID"),
    EFS(317, 0, '0', 0, "MinutiaeGrowthOrShrinkage/MinutiaeGrowthOrShrinkageCode"),
    EFS(317, 1, '0', 0, "MinutiaeGrowthOrShrinkage/MinutiaeCommentText"),
    EFS(325, 0, 'y', 0, "MinutiaeNoCoresPresentIndicator"),
    EFS(320, 0, '0', 0, "MinutiaeCore*/ImageLocationHorizontalCoordinateMeasure"),
    EFS(320, 1, '0', 0, "MinutiaeCore*/ImageLocationVerticalCoordinateMeasure"),
    EFS(320, 2, '0', 0, "MinutiaeCore*/MinutiaeCoreDirectionMeasure"),
    EFS(320, 3, '0', 0, "MinutiaeCore*/ImageLocationUncertaintyRadiusMeasure"),
    EFS(320, 4, '0', 0, "MinutiaeCore*/MinutiaeCoreDirectionUncertaintyValue"),
    EFS(326, 0, 'y', 0, "MinutiaeNoDeltasPresentIndicator"),
    EFS(321, 0, '0', 0, "MinutiaeDelta*/ImageLocationHorizontalCoordinateMeasure"),
    EFS(321, 1, '0', 0, "MinutiaeDelta*/ImageLocationVerticalCoordinateMeasure"),
    EFS(321, 2, '0', 0, "MinutiaeDelta*/MinutiaeDeltaDirectionUpMeasure"),
    EFS(321, 3, '0', 0, "MinutiaeDelta*/MinutiaeDeltaDirectionLeftMeasure"),
    EFS(321, 4, '0', 0, "MinutiaeDelta*/MinutiaeDeltaDirectionRightMeasure"),
    EFS(321, 5, '0', 0, "MinutiaeDelta*/MinutiaeDeltaCategoryCode"),
    EFS(321, 6, '0', 0, "MinutiaeDelta*/ImageLocationUncertaintyRadiusMeasure"),
    EFS(321, 7, '0', 0, "MinutiaeDelta*/MinutiaeDeltaDirectionUpUncertaintyValue"),
    EFS(321, 8, '0', 0, "MinutiaeDelta*/MinutiaeDeltaDirectionLeftUncertaintyValue"),
    EFS(321, 9, '0', 0, "MinutiaeDelta*/MinutiaeDeltaDirectionRightUncertaintyValue"),
    EFS(322, 0, '0', 0, "MinutiaeRidgeCountCoreToDelta*/MinutiaeCoreIdentification/nc:IdentificationID"),
    EFS(322, 1, '0', 0, "MinutiaeRidgeCountCoreToDelta*/MinutiaeDeltaIdentification/nc:IdentificationID"),
    EFS(322, 2, '0', 0, "MinutiaeRidgeCountCoreToDelta*/RidgeCountMinimumValue"),
    EFS(322, 3, '0', 0, "MinutiaeRidgeCountCoreToDelta*/RidgeCountMaximumValue"),
    EFS(323, 0, '0', 0, "FrictionRidgeImageCenter*/FrictionRidgeImageCenterLocationMethodCode"),
    EFS(323, 1, '0', 0, "FrictionRidgeImageCenter*/ImageLocationHorizontalCoordinateMeasure"),
    EFS(323, 2, '0', 0, "FrictionRidgeImageCenter*/ImageLocationVerticalCoordinateMeasure"),
    EFS(323, 3, '0', 0, "FrictionRidgeImageCenter*/ImageLocationUncertaintyRadiusMeasure"),
    EFS(327, 0, 'y', 0, "MinutiaeNoDistinctiveFeaturesPresentIndicator"),
    EFS(324, 0, '0', 0, "MinutiaeDistinctiveFeature*/MinutiaeDistinctiveFeatureCategoryCode"),
    EFS(324, 1, 'p', 0, "MinutiaeDistinctiveFeature*/ImageSegmentPolygon"),
    EFS(324, 2, '0', 0, "MinutiaeDistinctiveFeature*/MinutiaeCommentText"),
    EFS(334, 0, 'y', 0, "MinutiaeNoMinutiaePresentIndicator"),
    EFS(331, 0, '0', 0, "EFSMinutia*/ImageLocationHorizontalCoordinateMeasure"),
    EFS(331, 1, '0', 0, "EFSMinutia*/ImageLocationVerticalCoordinateMeasure"),
    EFS(331, 2, '0', 0, "EFSMinutia*/ImageLocationThetaAngleMeasure"),
    EFS(331, 3, '0', 0, "EFSMinutia*/EFSMinutiaCategoryCode"),
    EFS(331, 4, '0', 0, "EFSMinutia*/ImageLocationUncertaintyRadiusMeasure"),
    EFS(331, 5, '0', 0, "EFSMinutia*/MinutiaDirectionUncertaintyValue"),
    EFS(332, 0, '0', 0, "EFSRidgeCountAlgorithmCode"),
    EFS(333, 0, '0', 0, "EFSRidgeCountItem*/MinutiaIdentification/nc:IdentificationID"),
    EFS(333, 1, '0', 0, "EFSRidgeCountItem*/MinutiaReferenceIdentification/nc:IdentificationID"),
    EFS(333, 2, '0', 0, "EFSRidgeCountItem*/RidgeCountValue"),
    EFS(333, 3, '0', 0, "EFSRidgeCountItem*/MinutiaeRidgeCountOctantNumeric"),
    EFS(333, 4, '0', 0, "EFSRidgeCountItem*/MinutiaeRidgeCountResidualCode"),
    EFS(335, 0, '0', 0, "MinutiaeRidgeCountConfidence*/MinutiaLocationPoint/ImageLocationHorizontalCoordinateMeasure"),
    EFS(335, 1, '0', 0, "MinutiaeRidgeCountConfidence*/MinutiaLocationPoint/ImageLocationVerticalCoordinateMeasure"),
    EFS(335, 2, '0', 0, "MinutiaeRidgeCountConfidence*/MinutiaLocationReferencePoint/ImageLocationHorizontalCoordinateMeasure"),
    EFS(335, 3, '0', 0, "MinutiaeRidgeCountConfidence*/MinutiaLocationReferencePoint/ImageLocationVerticalCoordinateMeasure"),
    EFS(335, 4, '0', 0, "MinutiaeRidgeCountConfidence*/MinutiaeRidgeCountMethodCode"),
    EFS(335, 5, '0', 0, "MinutiaeRidgeCountConfidence*/MinutiaeRidgeCountConfidenceValue"),
    EFS(346, 0, 'y', 0, "MinutiaeNoDotsPresentIndicator"),
    EFS(340, 0, '0', 0, "MinutiaeDot*/ImageLocationHorizontalCoordinateMeasure"),
    EFS(340, 1, '0', 0, "MinutiaeDot*/ImageLocationVerticalCoordinateMeasure"),
    EFS(340, 2, '0', 0, "MinutiaeDot*/MinutiaeDotLengthMeasure"),
    EFS(347, 0, 'y', 0, "MinutiaeNoIncipientRidgesPresentIndicator"),
    EFS(341, 0, '0', 0, "MinutiaeIncipientRidge*/MinutiaLocationPoint/ImageLocationHorizontalCoordinateMeasure"),
    EFS(341, 1, '0', 0, "MinutiaeIncipientRidge*/MinutiaLocationPoint/ImageLocationVerticalCoordinateMeasure"),
    EFS(341, 2, '0', 0, "MinutiaeIncipientRidge*/MinutiaLocationReferencePoint/ImageLocationHorizontalCoordinateMeasure"),
    EFS(341, 3, '0', 0, "MinutiaeIncipientRidge*/MinutiaLocationReferencePoint/ImageLocationVerticalCoordinateMeasure"),
    EFS(348, 0, 'y', 0, "MinutiaeNoCreasesPresentIndicator"),
    EFS(342, 0, '0', 0, "MinutiaeFlexionCrease*/MinutiaLocationPoint/ImageLocationHorizontalCoordinateMeasure"),
    EFS(342, 1, '0', 0, "MinutiaeFlexionCrease*/MinutiaLocationPoint/ImageLocationVerticalCoordinateMeasure"),
    EFS(342, 2, '0', 0, "MinutiaeFlexionCrease*/MinutiaLocationReferencePoint/ImageLocationHorizontalCoordinateMeasure"),
    EFS(342, 3, '0', 0, "MinutiaeFlexionCrease*/MinutiaLocationReferencePoint/ImageLocationVerticalCoordinateMeasure"),
    EFS(342, 4, '0', 0, "MinutiaeFlexionCrease*/MinutiaeFlexionCreaseCategoryCode"),
    EFS(349, 0, 'y', 0, "MinutiaeNoRidgeEdgeFeaturesPresentIndicator"),
    EFS(343, 0, '0', 0, "MinutiaeRidgeEdgeOrDiscontinuity*/ImageLocationHorizontalCoordinateMeasure"),
    EFS(343, 1, '0', 0, "MinutiaeRidgeEdgeOrDiscontinuity*/ImageLocationVerticalCoordinateMeasure"),
    EFS(343, 2, '0', 0, "MinutiaeRidgeEdgeOrDiscontinuity*/MinutiaeRidgeEdgeOrDiscontinuityCategoryCode"),
    EFS(344, 0, 'y', 0, "MinutiaeNoPoresPresentIndicator"),
    EFS(345, 0, '0', 0, "MinutiaePore*/ImageLocationHorizontalCoordinateMeasure"),
    EFS(345, 1, '0', 0, "MinutiaePore*/ImageLocationVerticalCoordinateMeasure"),
    EFS(350, 0, '0', 0, "MinutiaeFeatureDetection*/MinutiaeFeatureDetectionFieldListText"),
    EFS(350, 1, '0', 0, "MinutiaeFeatureDetection*/MinutiaeFeatureDetectionMethodCode"),
    EFS(350, 2, '0', 0, "MinutiaeFeatureDetection*/MinutiaeAlgorithmVendorIdentification/nc:IdentificationID"),
    EFS(350, 3, '0', 0, "MinutiaeFeatureDetection*/MinutiaeAlgorithmIdentification/nc:IdentificationID"),
    EFS(350, 5, '0', 0, "MinutiaeFeatureDetection*/MinutiaeExaminer/nc:PersonName/nc:PersonGivenName"),
    EFS(350, 4, '0', 0, "MinutiaeFeatureDetection*/MinutiaeExaminer/nc:PersonName/nc:PersonSurName"),
    EFS(350, 6, '0', 0, "MinutiaeFeatureDetection*/MinutiaeExaminerAffiliation/nc:OrganizationName"),
    EFS(350, 7, 'g', 0, "MinutiaeFeatureDetection*/MinutiaeFeatureDetectionDateTime/nc:DateTime"),
    EFS(350, 8, '0', 0, "MinutiaeFeatureDetection*/MinutiaeCommentText"),
    EFS(351, 0, '0', 0, "MinutiaeCommentText"),
    EFS(352, 0, '0', 0, "LatentProcessingCategoryCode*"),
    EFS(353, 0, '0', 0, "MinutiaeValueAssessment/MinutiaeValueAssessmentResultCode"),
    EFS(353, 2, '0', 0, "MinutiaeValueAssessment/MinutiaeExaminer/nc:PersonName/nc:PersonGivenName"),
    EFS(353, 1, '0', 0, "MinutiaeValueAssessment/MinutiaeExaminer/nc:PersonName/nc:PersonSurName"),
    EFS(353, 3, '0', 0, "MinutiaeValueAssessment/MinutiaeExaminerAffiliation/nc:OrganizationName"),
    EFS(353, 4, 'g', 0, "MinutiaeValueAssessment/MinutiaeValueAssessmentDateTime/nc:DateTime"),
    EFS(353, 6, '0', 0, "MinutiaeValueAssessment/MinutiaeAnalysisComplexityCode"),
    EFS(353, 5, '0', 0, "MinutiaeValueAssessment/MinutiaeCommentText"),
    EFS(354, 0, '0', 0, "MinutiaeFraudEvidence*/MinutiaeFraudEvidenceCategoryCode"),
    EFS(354, 1, '0', 0, "MinutiaeFraudEvidence*/MinutiaeCommentText"),
    EFS(355, 0, '0', 0, "MinutiaeLatentSubstrate*/MinutiaeLatentSubstrateCategoryCode"),
    EFS(355, 1, '0', 0, "MinutiaeLatentSubstrate*/MinutiaeLatentSubstrateDescriptionText"),
    EFS(356, 0, '0', 0, "MinutiaeLatentMatrix*/MinutiaeLatentMatrixCategoryCode"),
    EFS(356, 1, '0', 0, "MinutiaeLatentMatrix*/MinutiaeCommentText"),
    EFS(357, 0, '0', 0, "MinutiaeLocalQualityIssues*/MinutiaeLocalQualityIssuesCategoryCode"),
    EFS(357, 1, 'p', 0, "MinutiaeLocalQualityIssues*/ImageSegmentPolygon"),
    EFS(357, 2, '0', 0, "MinutiaeLocalQualityIssues*/MinutiaeCommentText"),
    EFS(360, 0, '0', 0, "FrictionRidgeImageAreaOfCorrespondence*/ImageReferenceIdentification/nc:IdentificationID"),
    EFS(360, 1, 'p', 0, "FrictionRidgeImageAreaOfCorrespondence*/ImageSegmentPolygon"),
    EFS(360, 2, '0', 0, "FrictionRidgeImageAreaOfCorrespondence*/MinutiaeCommentText"),
    EFS(361, 0, '0', 0, "MinutiaeFeatureCorrespondence*/MinutiaeFeatureIdentification/nc:IdentificationID"),
    EFS(361, 1, '0', 0, "MinutiaeFeatureCorrespondence*/MinutiaeFeatureCorrespondenceCategoryCode"),
    EFS(361, 2, '0', 0, "MinutiaeFeatureCorrespondence*/MinutiaeFeatureCategoryCode"),
    EFS(361, 3, '0', 0, "MinutiaeFeatureCorrespondence*/MinutiaeFeatureReferenceIdentification/nc:IdentificationID"),
    EFS(361, 4, '0', 0, "MinutiaeFeatureCorrespondence*/ImageLocationHorizontalCoordinateMeasure"),
    EFS(361, 5, '0', 0, "MinutiaeFeatureCorrespondence*/ImageLocationVerticalCoordinateMeasure"),
    EFS(361, 6, '0', 0, "MinutiaeFeatureCorrespondence*/MinutiaeCommentText"),
    EFS(362, 0, '0', 0, "MinutiaeExaminerComparisonDetermination*/ImageReferenceIdentification/nc:IdentificationID"),
    EFS(362, 1, '0', 0, "MinutiaeExaminerComparisonDetermination*/MinutiaeExaminerComparisonDeterminationResultCode"),
    EFS(362, 2, '0', 0, "MinutiaeExaminerComparisonDetermination*/MinutiaeExaminerProgressCode"),
    EFS(362, 4, '0', 0, "MinutiaeExaminerComparisonDetermination*/MinutiaeExaminer/nc:PersonName/nc:PersonGivenName"),
    EFS(362, 3, '0', 0, "MinutiaeExaminerComparisonDetermination*/MinutiaeExaminer/nc:PersonName/nc:PersonSurName"),
    EFS(362, 5, '0', 0, "MinutiaeExaminerComparisonDetermination*/MinutiaeExaminerAffiliation/nc:OrganizationName"),
    EFS(362, 6, 'g', 0, "MinutiaeExaminerComparisonDetermination*/MinutiaeExaminerComparisonDeterminationDateTime/nc:DateTime"),
    EFS(362, 8, '0', 0, "MinutiaeExaminerComparisonDetermination*/MinutiaeComparisonComplexityCode"),
    EFS(362, 7, '0', 0, "MinutiaeExaminerComparisonDetermination*/MinutiaeCommentText"),
    EFS(363, 0, '0', 0, "FrictionRidgeImageRelativeRotation*/ImageReferenceIdentification/nc:IdentificationID"),
    EFS(363, 1, '0', 0, "FrictionRidgeImageRelativeRotation*/ImageRelativeOverallRotationValue"),
    EFS(372, 0, '0', 0, "FrictionRidgeSkeletonizedImageBinaryObject"),
};

/* ---- Type-10 ---- */

#define FACE "FaceImage/"
#define FEATURE "PhysicalFeatureImage/"
#define PHOTOGRAPH(image)                                                                                              \
    DATA_OF(image), CAPTURE(image, 903, 904, 16, 17), R(12, 0, '0', image "ImageColorSpaceCode"), SIZES_OF(image, 38), QUALITY(24, image "ImageQuality*/", 0), SCALE(image),                            \
        R(3, 0, '0', image "ImageCategoryCode"), VERTICAL(image), R(18, 0, '0', image "ImageDistortion/ImageDistortionCategoryCode"),                                                   \
        R(18, 1, '0', image "ImageDistortion/ImageDistortionMeasurementCode"), R(18, 2, '0', image "ImageDistortion/ImageDistortionSeverityCode")
#define POINT(field, at)                                                                                               \
    R(field, 2, '0', at "FeaturePointHorizontalCoordinateValue"), R(field, 1, '0', at "FeaturePointIdentification" ID), R(field, 0, '0', at "FeaturePointCategoryCode"),                \
        R(field, 3, '0', at "FeaturePointVerticalCoordinateValue")

static const ent_xml_row rows_10[] = {
    START,
    R(992, 0, '0', "Type2CrossReferenceIdentification" ID),
    EXTENDED,
    PHOTOGRAPH(FACE),
    R(25, 1, '0', FACE "FaceImage3DPoseAngle/PosePitchAngleMeasure"),
    R(25, 4, '0', FACE "FaceImage3DPoseAngle/PosePitchUncertaintyValue"),
    R(25, 2, '0', FACE "FaceImage3DPoseAngle/PoseRollAngleMeasure"),
    R(25, 5, '0', FACE "FaceImage3DPoseAngle/PoseRollUncertaintyValue"),
    R(25, 0, '0', FACE "FaceImage3DPoseAngle/PoseYawAngleMeasure"),
    R(25, 3, '0', FACE "FaceImage3DPoseAngle/PoseYawUncertaintyValue"),
    R(13, 0, '0', FACE "FaceImageAcquisitionProfileCode"),
    R(26, 0, '0', FACE "FaceImageDescriptionText*"),
    R(26, 0, 'I', FACE "FaceImageDescriptionCode*"),
    R(27, 0, '0', FACE "FaceImageEyeColorAttributeCode"),
    POINT(29, FACE "FaceImageFeaturePoint*/"),
    R(28, 0, '0', FACE "FaceImageHairColorAttributeCode*"),
    R(21, 0, '0', FACE "FaceImagePoseOffsetAngleMeasure"),
    R(20, 0, '0', FACE "FaceImageSubjectPoseCode"),
    R(23, 0, '0', FACE "FaceImageAcquisitionSource/CaptureSourceCode"),
    R(23, 1, '0', FACE "FaceImageAcquisitionSource/CaptureSourceDescriptionText"),
    R(14, 4, '0', FACE "FaceImageBoundingSquare/FaceImageBoundingCategoryCode"),
    SQUARE(14, 0, FACE "FaceImageBoundingSquare/"),
    R(15, 0, '0', FACE "FaceImageBoundary/FaceImageBoundaryShapeCode"),
    VERTICES(15, 1, FACE "FaceImageBoundary/"),
    R(19, 0, '0', FACE "FaceImageLightingArtifactsCode*"),
    R(31, 0, '0', FACE "FaceImageFeaturePointTierCode"),
    R(31, 0, 'I', FACE "FaceImageFeaturePointTierNumeric"),
    POINT(32, FACE "FaceImage3DFeaturePoint*/"),
    R(32, 4, '0', FACE "FaceImage3DFeaturePoint*/FeaturePointZCoordinateValue"),
    R(33, 0, '0', FACE "FaceImageContour*/FaceImageContourCategoryCode"),
    VERTICES(33, 1, FACE "FaceImageContour*/"),
    R(45, 0, '0', FACE "FaceImageOcclusion*/FaceImageOcclusionOpacityCode"),
    R(45, 1, '0', FACE "FaceImageOcclusion*/FaceImageOcclusionCategoryCode"),
    VERTICES(45, 2, FACE "FaceImageOcclusion*/"),
    R(39, 0, '0', FACE "PhysicalFeatureReferenceIdentification" ID),
    R(44, 0, '0', FACE "ImageTransformationCode*"),
    EXISTENCE(FACE),
    RULER(51, FACE),
};

#define DETAIL FEATURE "PhysicalFeatureDescriptionDetail*/"
static const ent_xml_row rows_10_feature[] = {
    START,
    R(992, 0, '0', "Type2CrossReferenceIdentification" ID),
    EXTENDED,
    PHOTOGRAPH(FEATURE),
    R(43, 0, '0', DETAIL "PhysicalFeatureColorDetail/PhysicalFeaturePrimaryColorCode"),
    R(43, 1, '0', DETAIL "PhysicalFeatureColorDetail/PhysicalFeatureSecondaryColorCode"),
    R(43, 2, '0', DETAIL "PhysicalFeatureColorDetail/PhysicalFeatureSecondaryColorCode"),
    R(43, 3, '0', DETAIL "PhysicalFeatureColorDetail/PhysicalFeatureSecondaryColorCode"),
    R(43, 4, '0', DETAIL "PhysicalFeatureColorDetail/PhysicalFeatureSecondaryColorCode"),
    R(43, 5, '0', DETAIL "PhysicalFeatureColorDetail/PhysicalFeatureSecondaryColorCode"),
    R(42, 0, '0', DETAIL "PhysicalFeatureCategoryCode"),
    R(42, 1, '0', DETAIL "PhysicalFeatureClassCode"),
    R(42, 3, '0', DETAIL "PhysicalFeatureDescriptionText"),
    R(42, 2, '0', DETAIL "PhysicalFeatureSubClassCode"),
    R(40, 0, '0', FEATURE "PhysicalFeatureNCICCode*"),
    R(41, 0, '0', FEATURE "PhysicalFeatureSize/PhysicalFeatureHeightMeasure"),
    R(41, 1, '0', FEATURE "PhysicalFeatureSize/PhysicalFeatureWidthMeasure"),
    R(39, 0, '0', FEATURE "PhysicalFeatureReferenceIdentification" ID),
    R(44, 0, '0', FEATURE "ImageTransformationCode*"),
    EXISTENCE(FEATURE),
    R(50, 0, '0', FEATURE "DentalVisualImageDataInformation/DentalVisualImageCode"),
    R(50, 1, '0', FEATURE "DentalVisualImageDataInformation/DentalVisualImageDescriptiveText"),
    R(50, 2, '0', FEATURE "DentalVisualImageDataInformation/DentalVisualImageComparisonDescriptiveText"),
    RULER(51, FEATURE),
};

/* ---- Types 13 to 15 ---- */

#define RIDGE(image) DATA_OF(image), DEPTH(image), CAPTURE(image, 903, 904, 16, 17), R(26, 0, '0', image "ImageCaptureDetail/CaptureIdentification" ID), SIZES_OF(image, 20), SCALE(image), VERTICAL(image)
#define FINGER "FingerImpressionImage/"
#define PALM "PalmprintImage/"
#define ANY "FrictionRidgeImage/"
#define SOLE "PlantarImage/"
#define IMPRESSION(image) R(3, 0, '0', image "FingerprintImageImpressionCaptureCategoryCode"), R(3, 0, 'I', image "FrictionRidgeImageImpressionCaptureCategoryCode")

static const ent_xml_row rows_13[] = {
    START, EXTENDED, RIDGE(FINGER), IMPRESSION(FINGER), TECHNOLOGY(FINGER), R(13, 0, '0', FINGER "FingerPositionCode*"), MAJOR_CASE(FINGER), RIDGE_QUALITY(24, FINGER "FingerprintImageQuality*/", "FingerPositionCode"),
    SCALE_IN_VIEW(FINGER), EXISTENCE(FINGER),
};
static const ent_xml_row rows_13_palm[] = {
    START, EXTENDED, RIDGE(PALM), IMPRESSION(PALM), TECHNOLOGY(PALM), R(13, 0, '0', PALM "PalmPositionCode*"), RIDGE_QUALITY(24, PALM "PalmprintImageQuality*/", "PalmPositionCode"), SCALE_IN_VIEW(PALM),
};
static const ent_xml_row rows_13_any[] = {
    START, EXTENDED, RIDGE(ANY), IMPRESSION(ANY), TECHNOLOGY(ANY), R(13, 0, '0', ANY "FrictionRidgePositionCode*"), MAJOR_CASE(ANY), RIDGE_QUALITY(24, ANY "FrictionRidgeImageQuality*/", "FrictionRidgePositionCode"),
    SCALE_IN_VIEW(ANY), EXISTENCE(ANY),
};
static const ent_xml_row rows_13_plantar[] = {
    START, EXTENDED, RIDGE(SOLE), IMPRESSION(SOLE), TECHNOLOGY(SOLE), R(13, 0, '0', SOLE "PlantarPositionCode"), RIDGE_QUALITY(24, SOLE "PlantarImageQuality*/", "PlantarPositionCode"), SCALE_IN_VIEW(SOLE),
};

static const ent_xml_row rows_14[] = {
    START,
    EXTENDED,
    RIDGE(FINGER),
    IMPRESSION(FINGER),
    TECHNOLOGY(FINGER),
    R(13, 0, '0', FINGER "FingerPositionCode*"),
    MAJOR_CASE(FINGER),
    R(18, 0, '0', FINGER "FingerprintImageFingerMissing*/FingerPositionCode"),
    R(18, 1, '0', FINGER "FingerprintImageFingerMissing*/FingerMissingCode"),
    R(21, 0, '0', FINGER "FingerprintImageSegmentPositionSquare*/FingerPositionCode"),
    SQUARE(21, 1, FINGER "FingerprintImageSegmentPositionSquare*/"),
    R(22, 0, '0', FINGER "FingerprintImageNISTQuality*/FingerPositionCode"),
    R(22, 1, '0', FINGER "FingerprintImageNISTQuality*/NISTQualityMeasure"),
    RIDGE_QUALITY(23, FINGER "FingerprintImageSegmentationQuality*/", "FingerPositionCode"),
    RIDGE_QUALITY(24, FINGER "FingerprintImageQuality*/", "FingerPositionCode"),
    R(25, 0, '0', FINGER "FingerprintImageSegmentPositionPolygon*/FingerPositionCode"),
    VERTICES(25, 1, FINGER "FingerprintImageSegmentPositionPolygon*/"),
    R(31, 0, '0', FINGER "FingerprintImageAcquisitionProfileCode"),
    R(27, 0, 'y', FINGER "FingerprintImageStitchedIndicator"),
    EXISTENCE(""),
};

static const ent_xml_row rows_15[] = {
    START,
    EXTENDED,
    RIDGE(PALM),
    IMPRESSION(PALM),
    TECHNOLOGY(PALM),
    R(13, 0, '0', PALM "PalmPositionCode*"),
    R(18, 0, '0', PALM "PalmprintImageMissingArea*/PalmPositionCode"),
    R(18, 1, '0', PALM "PalmprintImageMissingArea*/PalmMissingAreaReasonCode"),
    RIDGE_QUALITY(24, PALM "PalmprintImageQuality*/", "PalmPositionCode"),
    R(31, 0, '0', PALM "PalmPrintImageAcquisitionProfileCode"),
    R(21, 0, '0', "FrictionRidgeImageSegmentPositionSquare*/PalmPositionCode"),
    SQUARE(21, 1, "FrictionRidgeImageSegmentPositionSquare*/"),
    EXISTENCE(""),
};

/* ---- Types 16 and 19 ---- */

#define TEST "TestImage/"
static const ent_xml_row rows_16[] = {
    START, EXTENDED, DATA_OF(TEST), DEPTH(TEST), CAPTURE(TEST, 903, 904, 16, 17), R(13, 0, '0', TEST "ImageColorSpaceCode"), SIZES_OF(TEST, 20), QUALITY(24, TEST "ImageQuality*/", 0), SCALE(TEST), VERTICAL(TEST),
};

static const ent_xml_row rows_19[] = {
    START,
    EXTENDED,
    RIDGE(SOLE),
    IMPRESSION(SOLE),
    TECHNOLOGY(SOLE),
    R(13, 0, '0', SOLE "PlantarPositionCode"),
    R(18, 0, '0', SOLE "PlantarImageMissingArea*/PlantarPositionCode"),
    R(18, 1, '0', SOLE "PlantarImageMissingArea*/PlantarMissingAreaReasonCode"),
    RIDGE_QUALITY(24, SOLE "PlantarImageQuality*/", "PlantarPositionCode"),
    R(31, 0, '0', SOLE "PlantarPrintImageAcquisitionProfileCode"),
    R(19, 0, '0', SOLE "PlantarImageSegmentPositionPolygon*/PlantarPositionCode"),
    VERTICES(19, 1, SOLE "PlantarImageSegmentPositionPolygon*/"),
    EXISTENCE(""),
};

/* ---- Type-17; form e: only with wavelengths (17.027), without which the schema has no place for it ---- */

#define IRIS "IrisImage/"
#define OUTLINE(field, at)                                                                                             \
    R(field, 0, '0', IRIS at "/IrisBoundaryShapeCode"), R(field, 1, '0', IRIS at "/ImageFeatureVertexQuantity"),                                                                        \
        R(field, 2, '0', IRIS at "/ImageFeatureVertex+/PositionHorizontalCoordinateValue"), R(field, 3, '0', IRIS at "/ImageFeatureVertex+/PositionVerticalCoordinateValue")
static const ent_xml_row rows_17[] = {
    START,
    EXTENDED,
    DATA_OF(IRIS),
    DEPTH(IRIS),
    CAPTURE(IRIS, 17, 19, 22, 23),
    R(13, 0, '0', IRIS "ImageColorSpaceCode"),
    SIZES_OF(IRIS, 21),
    QUALITY(24, IRIS "ImageQuality*/", 0),
    SCALE(IRIS),
    VERTICAL(IRIS),
    R(3, 0, '0', IRIS "IrisEyePositionCode"),
    R(14, 0, '0', IRIS "IrisEyeRotationAngleText"),
    R(15, 0, '0', IRIS "IrisEyeRotationUncertaintyValueText"),
    R(16, 0, '0', IRIS "IrisImageCapture/IrisImageHorizontalOrientationCode"),
    R(16, 2, '0', IRIS "IrisImageCapture/IrisImageScanCategoryCode"),
    R(16, 1, '0', IRIS "IrisImageCapture/IrisImageVerticalOrientationCode"),
    R(20, 0, '0', IRIS "IrisEyeColorAttributeCode"),
    R(25, 0, 'e', IRIS "IrisImageAcquisitionLightingSpectrum/AcquisitionLightingSpectrumCode"),
    R(27, 0, '0', IRIS "IrisImageAcquisitionLightingSpectrum/AcquisitionLightingSpectrumLowerMeasure"),
    R(27, 1, '0', IRIS "IrisImageAcquisitionLightingSpectrum/AcquisitionLightingSpectrumUpperMeasure"),
    R(26, 0, '0', IRIS "IrisDiameterPixelQuantity"),
    R(28, 0, '0', IRIS "IrisImageMissingReasonCode"),
    R(31, 0, '0', IRIS "IrisImageAcquisitionProfileCode"),
    R(32, 0, '0', IRIS "IrisImageStorageFormatCode"),
    OUTLINE(33, "IrisImageIrisPupilBoundary"),
    OUTLINE(34, "IrisImageIrisScleraBoundary"),
    OUTLINE(35, "IrisImageIrisUpperEyelidBoundary"),
    OUTLINE(36, "IrisImageIrisLowerEyelidBoundary"),
    R(37, 0, '0', IRIS "IrisImageOcclusion*/IrisImageOcclusionOpacityCode"),
    R(37, 1, '0', IRIS "IrisImageOcclusion*/IrisImageOcclusionCategoryCode"),
    R(37, 2, '0', IRIS "IrisImageOcclusion*/ImageFeatureVertexQuantity"),
    R(37, 3, '0', IRIS "IrisImageOcclusion*/ImageFeatureVertex+/PositionHorizontalCoordinateValue"),
    R(37, 4, '0', IRIS "IrisImageOcclusion*/ImageFeatureVertex+/PositionVerticalCoordinateValue"),
    R(40, 0, '0', IRIS "IrisImageRangeMeasure"),
    R(41, 0, '0', IRIS "IrisImageGazeAngleMeasure"),
};

/* ---- Types 20 and 21, of images; video and audio are only read ---- */

#define SEGMENTS(image)                                                                                                \
    R(16, 0, '0', image "ImageSegment*/ImageSegmentIdentification" ID), R(16, 1, '0', image "ImageSegment*/ImageSegmentInternalIdentification" ID), VERTICES(16, 2, image "ImageSegment*/")
#define OTHER_THAN_IMAGE(at)                                                                                           \
    R(999, 0, 'x', at "nc:BinaryBase64Object"), R(19, 0, 'r', at "TimeSegment*/TimeSegmentStartTimeValue"), R(19, 1, 'r', at "TimeSegment*/TimeSegmentEndTimeValue")

#define SOURCE "SourceImage/"
static const ent_xml_row rows_20[] = {
    START,
    R(902, 0, 'g', "ProcessAnnotation*/ProcessUTCDate/nc:DateTime"),
    R(902, 1, '0', "ProcessAnnotation*/ProcessName"),
    R(902, 2, '0', "ProcessAnnotation*/ProcessOwnerText"),
    R(902, 3, '0', "ProcessAnnotation*/ProcessDescriptionText"),
    R(996, 0, '0', "ImageHashValue"),
    R(3, 0, '0', "SourceRecordCardinalityCode"),
    R(14, 0, '0', "SourceAcquisition*/AcquisitionSourceCode"),
    R(14, 1, '0', "SourceAcquisition*/AcquisitionDigitalConversionDescriptionText"),
    R(14, 2, '0', "SourceAcquisition*/AcquisitionFormatDescriptionText"),
    R(14, 3, '0', "SourceAcquisition*/AcquisitionSpecialCharacteristicsText"),
    R(15, 0, '0', "SourceFileFormat/SourceFileCategoryText"),
    R(15, 1, '0', "SourceFileFormat/SourceFileDecodingInstructionsText"),
    R(20, 0, '0', "SourceCommentText"),
    R(21, 0, '0', "SourceIdentification" ID),
    R(994, 0, '0', "SourceExternalFileReferenceText"),
    R(999, 0, 'b', SOURCE "nc:BinaryBase64Object"),
    DEPTH(SOURCE),
    CAPTURE(SOURCE, 903, 904, 17, 18),
    R(13, 0, '0', SOURCE "ImageColorSpaceCode"),
    R(11, 0, '0', SOURCE "ImageCompressionAlgorithmText"),
    R(6, 0, '0', SOURCE "ImageHorizontalLineLengthPixelQuantity"),
    R(9, 0, '0', SOURCE "ImageHorizontalPixelDensityValue"),
    SCALE(SOURCE),
    VERTICAL(SOURCE),
    SEGMENTS(SOURCE),
    OTHER_THAN_IMAGE("SourceVideo/"),
    OTHER_THAN_IMAGE("SourceAudio/"),
};

static const ent_xml_row rows_21[] = {
    START,
    R(996, 0, '0', "ImageHashValue"),
    R(15, 0, '0', "ContextFileFormat/ContextFileCategoryText"),
    R(15, 1, '0', "ContextFileFormat/ContextFileDecodingInstructionsText"),
    R(20, 0, '0', "ContextCommentText"),
    R(21, 0, '0', "ContextIdentification" ID),
    R(994, 0, '0', "ContextExternalFileReferenceText"),
    R(999, 0, 'b', "ContextImage/nc:BinaryBase64Object"),
    SEGMENTS("ContextImage/"),
    OTHER_THAN_IMAGE("ContextVideo/"),
    OTHER_THAN_IMAGE("ContextAudio/"),
    EXISTENCE(""),
};

/* ---- Types 11, 12 and 22, of which the tables know only this; other records have elements for them, but ours are kept as bytes ---- */

#define VOICE "ForensicInvestigatoryVoiceDetail/"
#define DENTAL "ForensicDentalOralDetail/"
#define PICTURE "NonPhotographicImageryDetail/"
#define ANNOTATED                                                                                                      \
    R(902, 0, 'g', "ProcessAnnotation*/ProcessUTCDate/nc:DateTime"), R(902, 1, '0', "ProcessAnnotation*/ProcessName"), R(902, 2, '0', "ProcessAnnotation*/ProcessOwnerText"),            \
        R(902, 3, '0', "ProcessAnnotation*/ProcessDescriptionText"), R(995, 0, '0', "AssociatedContext*/ContextIdentification" ID),                                                     \
        R(995, 1, '0', "AssociatedContext*/ImageSegmentIdentification" ID)
#define AGENCY(at) R(4, 0, '0', at "CaptureOrganization/nc:OrganizationIdentification" ID), R(993, 0, '0', at "CaptureOrganization/nc:OrganizationName")
static const ent_xml_row rows_11[] = {
    START,
    ANNOTATED,
    R(996, 0, '0', "DigitalAudioRecordHashValue"),
    R(999, 0, 'b', "nc:BinaryBase64Object"),
    R(3, 0, '0', VOICE "AudioObjectDescriptorCode"),
    AGENCY(VOICE),
    R(9, 0, 'g', VOICE "RecordCreationDate/nc:DateTime"),
    R(51, 0, '0', VOICE "AudioCommentText"),
    R(994, 0, '0', "SourceExternalFileReferenceText"),
};

static const ent_xml_row rows_12[] = {
    START,
    R(992, 0, '0', "Type2CrossReferenceIdentification" ID),
    ANNOTATED,
    R(996, 0, '0', "ImageHashValue"),
    R(999, 0, 'b', "nc:BinaryBase64Object"),
    AGENCY(DENTAL "DentalCaptureDetail/"),
    R(20, 0, '0', DENTAL "ForensicDentalCommentText"),
};

static const ent_xml_row rows_22[] = {
    START,
    R(992, 0, '0', "Type2CrossReferenceIdentification" ID),
    ANNOTATED,
    R(996, 0, '0', "ImageHashValue"),
    AGENCY(PICTURE "BiometricCaptureDetail/"),
    R(20, 0, '0', PICTURE "NonPhotographicImageryCommentText"),
    EXISTENCE(PICTURE),
    R(999, 0, 'b', "nc:BinaryBase64Object"),
};

/* ---- Types 18, 98 and 99 ---- */

#define DNA "DNASample/"
#define LABORATORY DNA "DNALaboratory/"
#define DONOR DNA "DNADonor/"
#define PEDIGREE DNA "DNAPedigree/DNAPedigree"
#define PROFILE DNA "DNAProfile/DNAProfile"
#define STR DNA "DNASTRProfile*/"
#define MITOCHONDRIAL DNA "DNAMitochondrialData/DNAMito"
#define GRAPH(field, name)                                                                                             \
    R(field, 0, 'r', DNA name "*/DNAElectropherogramIdentification" ID), R(field, 1, 'r', DNA name "*/DNAElectropherogramFileStorageText"),                                             \
        R(field, 2, 'r', DNA name "*/DNAElectropherogramDataDescriptionText"), R(field, 3, 'r', DNA name "*/DNAElectropherogramBinaryObject"),                                          \
        R(field, 4, 'r', DNA name "*/DNAElectropherogramScreenshotImage/nc:BinaryBase64Object")
static const ent_xml_row rows_18[] = {
    START,
    R(992, 0, '0', "Type2CrossReferenceIdentification" ID),
    EXTENDED,
    R(998, 13, '0', DNA "BiometricCaptureDetail/CaptureLocation/LocationAlternateGeographicSystemValue/GeographicLocationSystemName"),
    R(998, 14, '0', DNA "BiometricCaptureDetail/CaptureLocation/LocationAlternateGeographicSystemValue/GeographicLocationText"),
    R(13, 0, 'g', DNA "BiometricCaptureDetail/CaptureUTCDateTime/nc:DateTime"),
    AGENCY(DNA "BiometricCaptureDetail/"),
    R(3, 3, '0', LABORATORY "nc:OrganizationName"),
    R(3, 0, '0', LABORATORY "DNALaboratoryUnitCategoryCode"),
    R(3, 1, '0', LABORATORY "DNALaboratoryCategoryCode"),
    R(3, 6, '0', LABORATORY "DNALaboratoryInternationalOrganizationName"),
    R(5, 0, '0', DNA "DNAAnalysisQuantityCode"),
    R(6, 3, 'd', DONOR "nc:PersonBirthDate/nc:Date"),
    R(6, 0, '0', DONOR "DNADonorCategoryCode"),
    R(6, 2, 'd', DONOR "DNADonorLastContactDate/nc:Date"),
    R(6, 5, '0', DONOR "DNADonorDentalRecordsAvailableCode"),
    R(6, 6, '0', DONOR "DNADonorCollectionLocationDescriptionText"),
    R(6, 7, '0', DONOR "DNADonorStatusCode"),
    R(7, 0, '0', DNA "DNAClaimedRelationshipCode"),
    R(8, 0, '0', DNA "DNAValidatedRelationshipCode"),
    R(9, 0, '0', PEDIGREE "Identification" ID),
    R(9, 1, '0', PEDIGREE "MemberIdentification" ID),
    R(9, 2, '0', PEDIGREE "MemberStatusCode"),
    R(9, 3, '0', PEDIGREE "SampleIdentification" ID),
    R(9, 4, '0', PEDIGREE "FatherIdentification" ID),
    R(9, 5, '0', PEDIGREE "MotherIdentification" ID),
    R(9, 6, '0', PEDIGREE "CommentText"),
    R(10, 0, '0', DNA "DNASampleOrigin/DNACellularCategoryCode"),
    R(10, 1, '0', DNA "DNASampleOrigin/DNASampleOriginCode"),
    R(11, 0, '0', DNA "DNATypingTechnologyCategoryCode*"),
    R(12, 0, '0', DNA "DNASampleCollectionMethodText"),
    R(14, 0, 'g', DNA "DNAProfileStorageDate/nc:DateTime"),
    R(15, 0, '0', PROFILE "CategoryCode"),
    R(15, 1, '0', PROFILE "ResultCode"),
    R(15, 2, '0', PROFILE "Identification" ID),
    R(15, 3, '0', PROFILE "SupplementalText"),
    R(15, 4, '0', PROFILE "CommentText"),
    R(16, 0, '0', STR "DNASTRProfileCategoryCode"),
    R(16, 1, '0', STR "DNALocusIdentification" ID),
    R(16, 2, 'v', STR "DNAAlleleIndicator"),
    R(16, 3, 'v', STR "DNALocusAnalysisIndicator"),
    R(16, 4, 'v', STR "DNAPreciseCallIndicator"),
    R(16, 5, '0', STR "DNAAlleleCall1Text"),
    R(16, 6, '0', STR "DNAAlleleCall2Text"),
    R(16, 7, '0', STR "DNAAlleleCall3Text"),
    R(16, 8, '0', STR "DNABatchIdentification" ID),
    R(16, 9, '0', STR "DNAElectropherogramIdentification" ID),
    R(16, 10, '0', STR "DNAElectropherogramLadderIdentification" ID),
    R(16, 11, '0', STR "DNAKit/DNAKitIdentification" ID),
    R(16, 12, '0', STR "DNAKit/DNAKitName"),
    R(16, 13, '0', STR "DNAKit/DNAKitManufacturerName"),
    R(16, 14, '0', STR "DNAKit/DNAKitDescriptionText"),
    R(17, 0, '0', MITOCHONDRIAL "ControlRegion1Text"),
    R(17, 1, '0', MITOCHONDRIAL "ControlRegion2Text"),
    R(17, 2, '0', MITOCHONDRIAL "BaseStartNumeric"),
    R(17, 3, '0', MITOCHONDRIAL "BaseEndNumeric"),
    R(17, 4, '0', MITOCHONDRIAL "BaseAdenineQuantity"),
    R(17, 5, '0', MITOCHONDRIAL "BaseGuanineQuantity"),
    R(17, 6, '0', MITOCHONDRIAL "BaseCytosineQuantity"),
    R(17, 7, '0', MITOCHONDRIAL "BaseThymineQuantity"),
    GRAPH(19, "DNAElectropherogram"),
    GRAPH(23, "DNAElectropherogramLadder"),
    R(20, 0, '0', DNA "DNAGenotypeDistributionCode"),
    R(21, 0, '0', DNA "DNAGenotypeAllelePair*/DNALocusIdentification" ID),
    R(21, 1, '0', DNA "DNAGenotypeAllelePair*/DNAGenotypeAllelePairText"),
    R(21, 2, '0', DNA "DNAGenotypeAllelePair*/DNAGenotypeWeightNumeric"),
    R(22, 0, '0', DNA "DNACommentText"),
};

static const ent_xml_row rows_98[] = {
    START,
    R(3, 0, '0', "AssuranceFormatOwnerIdentification" ID),
    R(4, 0, '0', "AssuranceOrganization/nc:OrganizationIdentification" ID),
    R(993, 0, '0', "AssuranceOrganization/nc:OrganizationName"),
    R(5, 0, '0', "AssuranceFormatIdentification" ID),
    R(6, 0, 'g', "AssuranceDateTime/nc:DateTime"),
    R(900, 0, '0', "AssuranceLogEntry*/AssuranceLogEventCode"),
    R(900, 1, '0', "AssuranceLogEntry*/AssuranceLogEventReasonText"),
    R(900, 2, '0', "AssuranceLogEntry*/AssuranceLogEventLocationText"),
    R(900, 3, '0', "AssuranceLogEntry*/AssuranceLogAgentText"),
    R(900, 4, '0', "AssuranceLogEntry*/AssuranceLogEventOriginalValueText"),
    R(901, 0, '0', "AssuranceAuditRevisionIdentification" ID),
};

/* Form h: hexadecimal digits, without the zeros in front of them. */
#define BLOCK "CBEFFImage/"
static const ent_xml_row rows_99[] = {
    START,
    EXTENDED,
    R(999, 0, 'b', BLOCK "nc:BinaryBase64Object"),
    CAPTURE(BLOCK, 903, 904, 16, 17),
    QUALITY(102, BLOCK "ImageQuality*/", 0),
    R(103, 0, '0', BLOCK "CBEFFFormatOwnerIdentification" ID),
    R(104, 0, '0', BLOCK "CBEFFFormatCategoryIdentification" ID),
    R(100, 0, '0', BLOCK "CBEFFVersionIdentification" ID),
    R(101, 0, 'h', BLOCK "CBEFFCategoryCode"),
};

#define SHAPE(type, element, mark, rows) {type, "itl:" element, mark, rows, sizeof rows / sizeof *rows}
static const ent_xml_shape shapes[] = {
    SHAPE(1, "PackageInformationRecord", NULL, rows_1),
    SHAPE(2, "PackageDescriptiveTextRecord", NULL, rows_2),
    SHAPE(4, "PackageHighResolutionGrayscaleImageRecord", NULL, rows_4),
    SHAPE(7, "PackageUserDefinedImageRecord", NULL, rows_7),
    SHAPE(8, "PackageSignatureImageRecord", NULL, rows_8),
    SHAPE(9, "PackageMinutiaeRecord", NULL, rows_9),
    SHAPE(10, "PackageFacialAndSMTImageRecord", "FaceImage", rows_10),
    SHAPE(10, "PackageFacialAndSMTImageRecord", "PhysicalFeatureImage", rows_10_feature),
    SHAPE(11, "PackageVoiceDataRecord", NULL, rows_11),
    SHAPE(12, "PackageForensicDentalDataRecord", NULL, rows_12),
    SHAPE(13, "PackageLatentImageRecord", "FingerImpressionImage", rows_13),
    SHAPE(13, "PackageLatentImageRecord", "PalmprintImage", rows_13_palm),
    SHAPE(13, "PackageLatentImageRecord", "FrictionRidgeImage", rows_13_any),
    SHAPE(13, "PackageLatentImageRecord", "PlantarImage", rows_13_plantar),
    SHAPE(14, "PackageFingerprintImageRecord", NULL, rows_14),
    SHAPE(15, "PackagePalmprintImageRecord", NULL, rows_15),
    SHAPE(16, "PackageUserDefinedTestingImageRecord", NULL, rows_16),
    SHAPE(17, "PackageIrisImageRecord", NULL, rows_17),
    SHAPE(18, "PackageDNARecord", NULL, rows_18),
    SHAPE(19, "PackagePlantarImageRecord", NULL, rows_19),
    SHAPE(20, "PackageSourceRepresentationRecord", NULL, rows_20),
    SHAPE(21, "PackageAssociatedContextRecord", NULL, rows_21),
    SHAPE(22, "PackageNonPhotographicImageryRecord", NULL, rows_22),
    SHAPE(98, "PackageInformationAssuranceRecord", NULL, rows_98),
    SHAPE(99, "PackageCBEFFBiometricDataRecord", NULL, rows_99),
};

/* Whether every subfield of 13.013 is from lo to hi (or several fingers, 40 to 54, for fingers). */
static bool positions_within(const ent_itl_record *r, long lo, long hi)
{
    const ent_itl_field *f = ent_itl_field_of(r, 13);
    const uint8_t *text;
    size_t n;
    for (size_t i = 0; f && ent_itl_item(f, i, 0, &text, &n) && i < 100; i++) {
        char number[8] = "";
        if (n > 4) return false;
        memcpy(number, text, n);
        long v = strtol(number, NULL, 10);
        if ((v < lo || v > hi) && !(lo == 0 && ((v >= 40 && v <= 54) || v == 33 || v == 36)) && !(lo == 20 && v >= 81 && v <= 86)) return false;
    }
    return f != NULL;
}

static const char *mark_of(const ent_itl_record *r)
{
    char category[16];
    ent_itl_text(r, 3, category, sizeof category);
    if (r->type == 10) return strcmp(category, "FACE") == 0 ? "FaceImage" : "PhysicalFeatureImage";
    if (positions_within(r, 0, 19)) return "FingerImpressionImage";
    if (positions_within(r, 60, 79)) return "PlantarImage";
    return positions_within(r, 20, 38) ? "PalmprintImage" : "FrictionRidgeImage";
}

/* Whether the record has what the schema wants of its element. */
static bool has_needed(const ent_itl_record *r)
{
    static const struct {
        uint8_t type;
        uint16_t fields[8];
    } needed[] = {{9, {3, 4}},   {13, {13}}, {14, {13}},  {15, {13}},  {16, {999}},      {17, {3}},
                  {18, {3, 4, 5, 6, 10, 11, 14, 15}}, {19, {13}}, {20, {999}}, {21, {999}}, {98, {3, 4, 5, 6}}, {99, {100, 101, 103, 104}}};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        for (size_t k = 0; needed[i].type == r->type && k < 8 && needed[i].fields[k]; k++)
            if (!ent_itl_field_of(r, needed[i].fields[k])) return false;
    return true;
}

/* The schema has only what has no record type of its own: no faces, fingers and irises. */
static bool type_has_code(const ent_itl_record *r)
{
    static const unsigned long known[] = {0, 1, 4, 0x20, 0x40, 0x80, 0x100, 0x200, 0x400, 0x800, 0x1000, 0x2000, 0x8000, 0x10000, 0x40000};
    char text[16];
    ent_itl_text(r, 101, text, sizeof text);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strtoul(text, NULL, 16) == known[i]) return true;
    return false;
}

const ent_xml_shape *ent_xml_shape_of(const ent_itl_record *r)
{
    /* a Type-9 element needs one of the blocks that have rows; of Types 11, 12 and 22 there are too few */
    if (r->type == 9 && !ent_itl_field_of(r, 126) && !ent_itl_field_of(r, 300)) return NULL;
    if (r->type == 11 || r->type == 12 || r->type == 22 || !has_needed(r) || (r->type == 99 && !type_has_code(r))) return NULL;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (shapes[i].type == r->type && (!shapes[i].mark || strcmp(shapes[i].mark, mark_of(r)) == 0)) return &shapes[i];
    return NULL;
}

const ent_xml_shape *ent_xml_shape_at(const char *element, bool (*has_child)(const void *node, const char *name), const void *node)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (strcmp(shapes[i].element, element) == 0 && (!shapes[i].mark || has_child(node, shapes[i].mark))) return &shapes[i];
    return NULL;
}
