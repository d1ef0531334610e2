-- verified_negatives: the labels with which a person said that a class is not in the image.
-- Reads: labels
-- Columns: those of labels but Confidence
-- Example: FROM verified_negatives WHERE LabelName = '/m/01b9xk';

CREATE OR REPLACE TEMP VIEW verified_negatives AS
SELECT ImageID, Source, LabelName
FROM labels
WHERE Confidence = 0 AND Source IS DISTINCT FROM 'machine';
